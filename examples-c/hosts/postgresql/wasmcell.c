/*-------------------------------------------------------------------------
 *
 * wasmcell.c
 *		SELECT wasm_call_int('functions.wat', 'collatz', id) FROM orders;
 *
 * A backend builds its runtime when it first needs one, and keeps the functions
 * that it has looked up.  While a guest runs, on the backend's own stack, nothing
 * may longjmp: interrupts are only noticed then, and served after the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <wasmcell.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"

PG_MODULE_MAGIC;

typedef struct FunctionEntry
{
	char		key[2 * NAMEDATALEN];	/* component#function; must be first */
	runtime_function_t *function;
} FunctionEntry;

static char *wasm_directory;
static int	wasm_timeout;		/* in milliseconds */
static int	wasm_memory;		/* in kilobytes */

static runtime_t *runtime;
static HTAB *functions;

void		_PG_init(void);
PG_FUNCTION_INFO_V1(wasm_call);

void
_PG_init(void)
{
	DefineCustomStringVariable("wasmcell.directory", "Where components are.", NULL,
							   &wasm_directory, "wasm", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("wasmcell.timeout", "How long one call may take.", NULL,
							&wasm_timeout, 10000, 1, 86400000, PGC_SUSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("wasmcell.memory", "How much memory a guest may have.",
							"Holds for backends that have not called one yet.",
							&wasm_memory, 65536, 64, 4194304, PGC_SUSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	MarkGUCPrefixReserved("wasmcell");
}

static int
sqlstate_of(runtime_error_code_t code)
{
	switch (code)
	{
		case RUNTIME_ERROR_TYPE_MISMATCH:
			return ERRCODE_DATATYPE_MISMATCH;
		case RUNTIME_ERROR_NOT_FOUND:
			return ERRCODE_UNDEFINED_FUNCTION;
		case RUNTIME_ERROR_TRAP:
			return ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
		case RUNTIME_ERROR_MEMORY_LIMIT:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case RUNTIME_ERROR_STACK_OVERFLOW:
			return ERRCODE_STATEMENT_TOO_COMPLEX;
		case RUNTIME_ERROR_TIMEOUT:
		case RUNTIME_ERROR_HOST:	/* by interrupted() */
			return ERRCODE_QUERY_CANCELED;
		default:
			return ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION;
	}
}

/* Raises an error of the library, which is released before. */
static void
check(runtime_error_t *error)
{
	int			sqlstate = sqlstate_of(runtime_error_code(error));
	runtime_frame_t frame = RUNTIME_FRAME_INIT;
	char	   *message, *function;

	if (error == NULL)
		return;
	message = pstrdup(runtime_error_message(error));
	function = runtime_error_frame(error, 0, &frame) ? pstrdup(frame.function) : "";
	runtime_error_free(error);
	CHECK_FOR_INTERRUPTS();		/* if that is why, this says so better */
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("%s", message),
			 *function ? errdetail("In function \"%s\" of the guest.", function) : 0));
}

/* Asked once a tick, below the guest's frames. */
static runtime_error_t *
interrupted(void *user_data)
{
	if (InterruptPending && (QueryCancelPending || ProcDiePending))
		return runtime_error_new("canceling the guest", 19);
	return NULL;
}

static void
free_runtime(int exit_code, Datum arg)
{
	runtime_free(runtime);
}

/* Not in _PG_init(), which the postmaster may run: a runtime does not survive a fork. */
static void
build_runtime(void)
{
	HASHCTL		ctl = {.keysize = 2 * NAMEDATALEN, .entrysize = sizeof(FunctionEntry)};
	runtime_builder_t *builder = runtime_builder_new();
	runtime_error_t *error;

	runtime_builder_max_linear_memory(builder, (uint64) wasm_memory * 1024);
	runtime_builder_max_components(builder, 16);
	runtime_builder_worker_threads(builder, 1);
	error = runtime_build(builder, &runtime);
	runtime_builder_free(builder);
	check(error);
	on_proc_exit(free_runtime, 0);
	functions = hash_create("wasmcell functions", 32, &ctl, HASH_ELEM | HASH_STRINGS);
}

static runtime_function_t *
get_function(const char *file, const char *name)
{
	char	   *key = psprintf("%s#%s", file, name);
	char	   *path = psprintf("%s/%s", wasm_directory, file);
	FunctionEntry *entry;
	runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
	runtime_component_t *component = NULL;
	runtime_function_t *function = NULL;
	runtime_error_t *error;

	if (file[0] == '.' || first_dir_separator(file) || strlen(key) >= 2 * NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" does not name a function of a component", key)));
	if (functions == NULL)
		build_runtime();
	entry = hash_search(functions, key, HASH_FIND, NULL);
	if (entry)
		return entry->function;

	options.blocking_only = 1;
	error = runtime_component_from_file(runtime, path, strlen(path), &options, &component);
	if (error == NULL)
		error = runtime_component_function(component, name, strlen(name), &function);
	runtime_component_free(component);
	check(error);
	entry = hash_search(functions, key, HASH_ENTER, NULL);
	entry->function = function;
	return function;
}

static runtime_value_t
to_guest(Datum datum, Oid type, runtime_kind_t kind)
{
	runtime_value_t value = {.kind = kind};

	if (kind == RUNTIME_KIND_BOOL && type == BOOLOID)
		value.of.boolean = DatumGetBool(datum);
	else if (kind == RUNTIME_KIND_S64 && type == INT4OID)
		value.of.s64 = DatumGetInt32(datum);
	else if (kind == RUNTIME_KIND_S64 && type == INT8OID)
		value.of.s64 = DatumGetInt64(datum);
	else if (kind == RUNTIME_KIND_F64 && type == FLOAT8OID)
		value.of.f64 = DatumGetFloat8(datum);
	else if (kind == RUNTIME_KIND_STRING && (type == TEXTOID || type == UNKNOWNOID))
	{
		char	   *str = type == TEXTOID ? TextDatumGetCString(datum) : DatumGetCString(datum);

		value.of.string.ptr = pg_server_to_any(str, strlen(str), PG_UTF8);
		value.of.string.len = strlen(value.of.string.ptr);
	}
	else if (kind == RUNTIME_KIND_LIST && type == BYTEAOID)
	{
		value.element = RUNTIME_KIND_U8;
		value.of.list.ptr = VARDATA_ANY(DatumGetByteaPP(datum));
		value.of.list.len = VARSIZE_ANY_EXHDR(DatumGetByteaPP(datum));
	}
	else if (kind != RUNTIME_KIND_NONE) /* which the library counts as one too many */
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the guest does not take this %s", format_type_be(type))));
	return value;
}

static Datum
from_guest(const runtime_value_t *value, Oid type)
{
	runtime_kind_t kind = value ? value->kind : RUNTIME_KIND_NONE;

	if (type == INT8OID && kind == RUNTIME_KIND_S64)
		return Int64GetDatum(value->of.s64);
	if (type == FLOAT8OID && kind == RUNTIME_KIND_F64)
		return Float8GetDatum(value->of.f64);
	if (type == TEXTOID && kind == RUNTIME_KIND_STRING)
		return CStringGetTextDatum(pg_any_to_server(value->of.string.ptr, value->of.string.len,
													PG_UTF8));
	if (type == BYTEAOID && kind == RUNTIME_KIND_LIST && value->element == RUNTIME_KIND_U8)
		return PointerGetDatum(cstring_to_text_with_len(value->of.list.ptr, value->of.list.len));
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the guest does not give %s", format_type_be(type))));
}

Datum
wasm_call(PG_FUNCTION_ARGS)
{
	runtime_function_t *function = get_function(text_to_cstring(PG_GETARG_TEXT_PP(0)),
												text_to_cstring(PG_GETARG_TEXT_PP(1)));
	const runtime_type_t *type = runtime_function_type(function);
	Oid			rettype = get_func_rettype(fcinfo->flinfo->fn_oid);
	runtime_value_t args[FUNC_MAX_ARGS];
	runtime_values_t *results = NULL;
	runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
	Datum		result;

	for (int i = 2; i < PG_NARGS(); i++)
		args[i - 2] = to_guest(PG_GETARG_DATUM(i), get_fn_expr_argtype(fcinfo->flinfo, i),
							   runtime_type_kind(runtime_type_child(type, i - 2)));
	options.timeout_ms = wasm_timeout;
	options.interrupt = interrupted;
	check(runtime_function_call(function, args, PG_NARGS() - 2, &options, &results));

	PG_TRY();
	{
		result = from_guest(runtime_values_data(results), rettype);
	}
	PG_FINALLY();
	{
		runtime_values_free(results);
	}
	PG_END_TRY();

	PG_RETURN_DATUM(result);
}
