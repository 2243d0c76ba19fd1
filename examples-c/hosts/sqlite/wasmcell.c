/*
** Functions of WebAssembly components as SQL functions:
**
**     .load ./wasmcell
**     SELECT wasm_load('functions.wat', 500);   -- milliseconds that each call may take
**     SELECT collatz(id), rms(price) FROM orders;
**
** wasm_load() gives the connection each function that the component exports, under its name.
** Exports NAME-step and NAME-final become the aggregate NAME: one instance of the component for
** all rows, which keeps its state between them. Other calls have a fresh instance each. The
** runtime belongs to the connection and ends with it.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include <string.h>
#include <wasmcell.h>

#define WASM_MEMORY    (16<<20)  /* Bytes that each instance may have */
#define WASM_INSTANCES 64        /* Aggregates and calls at once */
#define WASM_MAX_ARG   16        /* Arguments of a function */
#define WASM_INTERRUPTED "interrupted"

typedef struct WasmFunc WasmFunc;
struct WasmFunc {
  runtime_component_t *pComponent;
  runtime_function_t *pCall;     /* The function, or the step of an aggregate */
  runtime_function_t *pFinal;    /* The end of an aggregate; NULL for a scalar function */
  runtime_call_options_t opt;    /* Of all calls */
};

static void wasmFuncFree(void *pArg){
  WasmFunc *p = pArg;
  runtime_function_free(p->pCall);
  runtime_function_free(p->pFinal);
  runtime_component_free(p->pComponent);
  sqlite3_free(p);
}

/* Asked once a tick during a call. After sqlite3_interrupt() no statement is prepared; from 3.41
** on there is sqlite3_is_interrupted(), too. */
static runtime_error_t *wasmInterrupted(void *pDb){
  sqlite3_stmt *pStmt = 0;
  int rc = sqlite3_prepare_v2(pDb, "SELECT 1", -1, &pStmt, 0);
  sqlite3_finalize(pStmt);
  return rc==SQLITE_INTERRUPT ? runtime_error_new(WASM_INTERRUPTED, 11) : 0;
}

/* Make an error of the library the error of the SQL function. */
static void wasmResultError(sqlite3_context *pCtx, runtime_error_t *pError){
  char *zMsg = sqlite3_mprintf("%s: %s", runtime_error_code_name(runtime_error_code(pError)),
                               runtime_error_message(pError));
  sqlite3_result_error(pCtx, zMsg ? zMsg : "out of memory", -1);
  if( strcmp(runtime_error_message(pError), WASM_INTERRUPTED)==0 ){
    sqlite3_result_error_code(pCtx, SQLITE_INTERRUPT);
  }
  sqlite3_free(zMsg);
  runtime_error_free(pError);
}

/* Convert an argument to the type that the function wants. What does not fit goes as it is, so that
** the library refuses it with the name of the parameter. */
static runtime_value_t wasmArg(sqlite3_value *pVal, const runtime_type_t *pType){
  runtime_value_t v;
  sqlite3_int64 i = sqlite3_value_int64(pVal);
  int isOk = 1;
  memset(&v, 0, sizeof(v));
  switch( runtime_type_kind(pType) ){
    case RUNTIME_KIND_BOOL:   v.of.boolean = i!=0;                                    break;
    case RUNTIME_KIND_S32:    v.of.s32 = (int32_t)i;        isOk = v.of.s32==i;       break;
    case RUNTIME_KIND_U32:    v.of.u32 = (uint32_t)i;       isOk = v.of.u32==i;       break;
    case RUNTIME_KIND_S64:    v.of.s64 = i;                                           break;
    case RUNTIME_KIND_U64:    v.of.u64 = (uint64_t)i;       isOk = i>=0;              break;
    case RUNTIME_KIND_F64:    v.of.f64 = sqlite3_value_double(pVal);                  break;
    case RUNTIME_KIND_STRING: v.of.string.ptr = (const char*)sqlite3_value_text(pVal);
                              v.of.string.len = sqlite3_value_bytes(pVal);            break;
    case RUNTIME_KIND_LIST:   v.of.list.ptr = sqlite3_value_blob(pVal);
                              v.of.list.len = sqlite3_value_bytes(pVal);
                              v.element = RUNTIME_KIND_U8;                            break;
    default:                  isOk = 0;
  }
  if( isOk ) v.kind = runtime_type_kind(pType);
  else v.kind = RUNTIME_KIND_S64;
  return v;
}

/* Make a result of a component the result of the SQL function; none is NULL. */
static void wasmResult(sqlite3_context *pCtx, const runtime_value_t *p){
  switch( p ? p->kind + (p->element<<8) : RUNTIME_KIND_NONE ){
    case RUNTIME_KIND_NONE:   sqlite3_result_null(pCtx);                              break;
    case RUNTIME_KIND_BOOL:   sqlite3_result_int(pCtx, p->of.boolean);                break;
    case RUNTIME_KIND_S32:    sqlite3_result_int(pCtx, p->of.s32);                    break;
    case RUNTIME_KIND_U32:    sqlite3_result_int64(pCtx, p->of.u32);                  break;
    case RUNTIME_KIND_S64:    sqlite3_result_int64(pCtx, p->of.s64);                  break;
    case RUNTIME_KIND_U64:    sqlite3_result_int64(pCtx, (sqlite3_int64)p->of.u64);   break;
    case RUNTIME_KIND_F64:    sqlite3_result_double(pCtx, p->of.f64);                 break;
    case RUNTIME_KIND_OPTION: wasmResult(pCtx, p->of.payload);                        break;
    case RUNTIME_KIND_STRING:
      sqlite3_result_text64(pCtx, p->of.string.ptr, p->of.string.len, SQLITE_TRANSIENT,
                            SQLITE_UTF8);
      break;
    case RUNTIME_KIND_LIST + (RUNTIME_KIND_U8<<8):
      sqlite3_result_blob64(pCtx, p->of.list.ptr, p->of.list.len, SQLITE_TRANSIENT);
      break;
    default:
      sqlite3_result_error(pCtx, "the result has a type that SQL does not have", -1);
  }
}

/* Call a function, in pInstance unless that is NULL. If an argument is NULL the guest is not
** asked: the answer is NULL, or the row is left out. */
static void wasmCall(
  sqlite3_context *pCtx,
  runtime_instance_t *pInstance,
  const runtime_function_t *pFunc,
  int nArg, sqlite3_value **apArg
){
  WasmFunc *p = sqlite3_user_data(pCtx);
  const runtime_type_t *pType = runtime_function_type(pFunc);
  runtime_value_t aVal[WASM_MAX_ARG];
  runtime_values_t *pResult = 0;
  runtime_error_t *pError;
  int i;
  for(i=0; i<nArg; i++){
    if( sqlite3_value_type(apArg[i])==SQLITE_NULL ) return;
    aVal[i] = wasmArg(apArg[i], runtime_type_child(pType, i));
  }
  if( pInstance ){
    pError = runtime_instance_call(pInstance, pFunc, aVal, nArg, &p->opt, &pResult);
  }else{
    pError = runtime_function_call(pFunc, aVal, nArg, &p->opt, &pResult);
  }
  if( pError ){
    wasmResultError(pCtx, pError);
  }else{
    wasmResult(pCtx, runtime_values_data(pResult));
  }
  runtime_values_free(pResult);
}

static void wasmScalar(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  WasmFunc *p = sqlite3_user_data(pCtx);
  wasmCall(pCtx, 0, p->pCall, nArg, apArg);
}

static void wasmStep(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  WasmFunc *p = sqlite3_user_data(pCtx);
  runtime_instance_t **pp = sqlite3_aggregate_context(pCtx, sizeof(*pp));
  runtime_error_t *pError = 0;
  if( pp==0 ){
    sqlite3_result_error_nomem(pCtx);
    return;
  }
  if( *pp==0 ) pError = runtime_instance_new(p->pComponent, &p->opt, pp);
  if( pError ){
    wasmResultError(pCtx, pError);
  }else{
    wasmCall(pCtx, *pp, p->pCall, nArg, apArg);
  }
}

/* Runs also when the statement fails, so that the instance is released. If there was no row there
** is none, and a fresh one answers. */
static void wasmFinal(sqlite3_context *pCtx){
  WasmFunc *p = sqlite3_user_data(pCtx);
  runtime_instance_t **pp = sqlite3_aggregate_context(pCtx, 0);
  wasmCall(pCtx, pp ? *pp : 0, p->pFinal, 0, 0);
  if( pp ) runtime_instance_free(*pp);
}

/* Define the SQL function that an export stands for. */
static runtime_error_t *wasmDefine(
  sqlite3 *db,
  const WasmFunc *pCommon,       /* What the functions of a component share */
  const runtime_item_t *pItem    /* The export */
){
  const char *zName = runtime_item_name(pItem);
  int nArg = (int)runtime_type_len(runtime_item_type(pItem));
  int isStep = sqlite3_strlike("%-step", zName, 0)==0;
  char *z = sqlite3_mprintf("%.*s-final", (int)strlen(zName) - (isStep ? 5 : 0), zName);
  WasmFunc *p = sqlite3_malloc(sizeof(*p));
  runtime_error_t *pError;
  if( p==0 || z==0 ){
    sqlite3_free(z);
    sqlite3_free(p);
    return runtime_error_new("out of memory", 13);
  }
  *p = *pCommon;
  p->pComponent = runtime_component_clone(pCommon->pComponent);
  pError = runtime_component_function(p->pComponent, zName, strlen(zName), &p->pCall);
  if( pError==0 && isStep ){
    pError = runtime_component_function(p->pComponent, z, strlen(z), &p->pFinal);
  }
  if( pError ){
    wasmFuncFree(p);
  }else{
    z[strlen(z)-6] = 0;          /* The name without -step and -final */
    sqlite3_create_function_v2(db, z, nArg, SQLITE_UTF8, p, isStep ? 0 : wasmScalar,
                               isStep ? wasmStep : 0, isStep ? wasmFinal : 0, wasmFuncFree);
  }
  sqlite3_free(z);
  return pError;
}

/* wasm_load(FILE, MILLISECONDS) */
static void wasmLoad(sqlite3_context *pCtx, int nArg, sqlite3_value **apArg){
  sqlite3 *db = sqlite3_context_db_handle(pCtx);
  const char *zFile = (const char*)sqlite3_value_text(apArg[0]);
  runtime_component_options_t opt = RUNTIME_COMPONENT_OPTIONS_INIT;
  WasmFunc common = {0, 0, 0, RUNTIME_CALL_OPTIONS_INIT};
  runtime_error_t *pError;
  size_t i;
  opt.blocking_only = 1;         /* Calls are faster then */
  common.opt.timeout_ms = sqlite3_value_int64(apArg[nArg-1]);
  common.opt.interrupt = wasmInterrupted;
  common.opt.interrupt_user_data = db;
  pError = runtime_component_from_file(sqlite3_user_data(pCtx), zFile,
                                       sqlite3_value_bytes(apArg[0]), &opt, &common.pComponent);
  for(i=0; pError==0 && i<runtime_component_export_count(common.pComponent); i++){
    const runtime_item_t *pItem = runtime_component_export(common.pComponent, i);
    if( runtime_item_kind(pItem)==RUNTIME_ITEM_KIND_FUNCTION
     && runtime_type_len(runtime_item_type(pItem))<=WASM_MAX_ARG
     && sqlite3_strlike("%-final", runtime_item_name(pItem), 0)!=0 ){
      pError = wasmDefine(db, &common, pItem);
    }
  }
  runtime_component_free(common.pComponent);
  if( pError ) wasmResultError(pCtx, pError);
}

static void wasmRuntimeFree(void *p){ runtime_free(p); }

int sqlite3_wasmcell_init(sqlite3 *db, char **pzErrMsg, const sqlite3_api_routines *pApi){
  runtime_builder_t *pBuilder = runtime_builder_new();
  runtime_t *pRuntime = 0;
  runtime_error_t *pError;
  SQLITE_EXTENSION_INIT2(pApi);
  runtime_builder_max_linear_memory(pBuilder, WASM_MEMORY);
  runtime_builder_max_components(pBuilder, WASM_INSTANCES);
  runtime_builder_worker_threads(pBuilder, 1);
  pError = runtime_build(pBuilder, &pRuntime);
  runtime_builder_free(pBuilder);
  if( pError ){
    *pzErrMsg = sqlite3_mprintf("%s", runtime_error_message(pError));
    runtime_error_free(pError);
    return SQLITE_ERROR;
  }
  return sqlite3_create_function_v2(db, "wasm_load", 2, SQLITE_UTF8|SQLITE_DIRECTONLY, pRuntime,
                                    wasmLoad, 0, 0, wasmRuntimeFree);
}
