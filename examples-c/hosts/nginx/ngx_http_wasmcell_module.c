/*
 * Directives and processes of a module that answers requests with a function of a WebAssembly
 * component, list<u8> -> list<u8>:
 *
 *     location /upper { wasmcell upper.wat handle; }
 *
 * The master compiles, so a reload with a broken guest changes nothing.  Its runtime is gone
 * before it forks: each worker has one of its own, and loads what the master compiled.
 */
#include "ngx_http_wasmcell.h"
#include <ngx_channel.h>

static char *
ngx_http_wasmcell(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                       *value = cf->args->elts;
    ngx_http_core_loc_conf_t        *clcf;
    ngx_http_wasmcell_loc_conf_t    *wlcf = conf, **guest;
    ngx_http_wasmcell_main_conf_t   *wmcf;

    if (wlcf->path.data) {
        return "is duplicate";
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasmcell_module);
    guest = ngx_array_push(&wmcf->guests);
    if (guest == NULL || ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *guest = wlcf;
    wlcf->path = value[1];
    wlcf->name = value[2];

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_wasmcell_handler;

    return NGX_CONF_OK;
}

/* Loads a guest: in the master from its file, whose code is kept; in a worker from that code. */
static runtime_error_t *
ngx_http_wasmcell_load(runtime_t *runtime, ngx_http_wasmcell_loc_conf_t *wlcf, ngx_pool_t *pool)
{
    runtime_bytes_t      *code = NULL;
    runtime_error_t      *error;
    runtime_component_t  *component = NULL;

    if (wlcf->code.len) {
        error = runtime_component_deserialize(runtime, wlcf->code.data, wlcf->code.len, NULL,
                                              &component);
    } else {
        error = runtime_component_from_file(runtime, (char *) wlcf->path.data, wlcf->path.len,
                                            NULL, &component);
    }

    if (error == NULL) {
        error = runtime_component_function(component, (char *) wlcf->name.data, wlcf->name.len,
                                           &wlcf->function);
    }

    if (error == NULL && wlcf->code.len == 0) {
        error = runtime_component_serialize(component, &code);
        wlcf->code.data = ngx_pnalloc(pool, runtime_bytes_len(code));
        if (wlcf->code.data) {
            wlcf->code.len = runtime_bytes_len(code);
            ngx_memcpy(wlcf->code.data, runtime_bytes_data(code), wlcf->code.len);
        }
        runtime_bytes_free(code);
    }

    runtime_component_free(component);
    return error;
}

static void
ngx_http_wasmcell_unload_all(ngx_http_wasmcell_main_conf_t *wmcf)
{
    ngx_uint_t                      i;
    ngx_http_wasmcell_loc_conf_t  **guests = wmcf->guests.elts;

    for (i = 0; i < wmcf->guests.nelts; i++) {
        runtime_function_free(guests[i]->function);
        guests[i]->function = NULL;
    }

    runtime_free(wmcf->runtime);
    wmcf->runtime = NULL;
}

static ngx_int_t
ngx_http_wasmcell_load_all(ngx_http_wasmcell_main_conf_t *wmcf, ngx_pool_t *pool, ngx_log_t *log)
{
    ngx_uint_t                      i;
    ngx_str_t                       path = ngx_string("limits");
    runtime_error_t                *error;
    runtime_builder_t              *builder = runtime_builder_new();
    ngx_http_wasmcell_loc_conf_t  **guests = wmcf->guests.elts;

    runtime_builder_max_linear_memory(builder, wmcf->memory);
    runtime_builder_max_components(builder, wmcf->instances);
    error = runtime_build(builder, &wmcf->runtime);
    runtime_builder_free(builder);

    for (i = 0; i < wmcf->guests.nelts && error == NULL; i++) {
        path = guests[i]->path;
        error = ngx_http_wasmcell_load(wmcf->runtime, guests[i], pool);
    }

    if (error) {
        (void) ngx_http_wasmcell_failed(log, &path, error);
        runtime_error_free(error);
        return NGX_ERROR;
    }

    return NGX_OK;
}

/* In the master, at start and at each reload. */
static ngx_int_t
ngx_http_wasmcell_postconfiguration(ngx_conf_t *cf)
{
    ngx_int_t                       rc;
    ngx_http_wasmcell_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasmcell_module);
    ngx_conf_init_size_value(wmcf->memory, 16 * 1024 * 1024);
    ngx_conf_init_value(wmcf->instances, 64);

    if (wmcf->guests.nelts == 0 || ngx_process == NGX_PROCESS_SIGNALLER) {
        return NGX_OK;
    }

    rc = ngx_http_wasmcell_load_all(wmcf, cf->pool, cf->log);
    ngx_http_wasmcell_unload_all(wmcf);

    return rc;
}

static ngx_int_t
ngx_http_wasmcell_init_process(ngx_cycle_t *cycle)
{
    ngx_http_wasmcell_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_wasmcell_module);
    if (wmcf == NULL || wmcf->guests.nelts == 0 || ngx_process == NGX_PROCESS_HELPER) {
        return NGX_OK;
    }

    if (loop_open(wmcf->fds) == -1
        || ngx_add_channel_event(cycle, wmcf->fds[0], NGX_READ_EVENT,
                                 ngx_http_wasmcell_event_handler) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wasmcell_load_all(wmcf, cycle->pool, cycle->log);
}

static void
ngx_http_wasmcell_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_wasmcell_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_wasmcell_module);
    if (wmcf && wmcf->runtime) {
        ngx_http_wasmcell_unload_all(wmcf);
    }
}

static void *
ngx_http_wasmcell_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_wasmcell_main_conf_t  *wmcf;

    wmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasmcell_main_conf_t));
    if (wmcf == NULL || ngx_array_init(&wmcf->guests, cf->pool, 4, sizeof(void *)) != NGX_OK) {
        return NULL;
    }
    wmcf->memory = NGX_CONF_UNSET_SIZE;
    wmcf->instances = NGX_CONF_UNSET;
    return wmcf;
}

static void *
ngx_http_wasmcell_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_wasmcell_loc_conf_t  *wlcf;

    wlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasmcell_loc_conf_t));
    if (wlcf) {
        wlcf->timeout = NGX_CONF_UNSET_MSEC;
    }
    return wlcf;
}

static char *
ngx_http_wasmcell_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_wasmcell_loc_conf_t  *prev = parent, *conf = child;

    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 1000);
    return NGX_CONF_OK;
}

static ngx_command_t  ngx_http_wasmcell_commands[] = {
    { ngx_string("wasmcell"), NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_wasmcell, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
    { ngx_string("wasmcell_timeout"), NGX_HTTP_MAIN_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_wasmcell_loc_conf_t, timeout), NULL },
    { ngx_string("wasmcell_memory"), NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot, NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_wasmcell_main_conf_t, memory), NULL },
    { ngx_string("wasmcell_instances"), NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot, NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_wasmcell_main_conf_t, instances), NULL },
    ngx_null_command
};

static ngx_http_module_t  ngx_http_wasmcell_module_ctx = {
    NULL, ngx_http_wasmcell_postconfiguration, ngx_http_wasmcell_create_main_conf, NULL,
    NULL, NULL, ngx_http_wasmcell_create_loc_conf, ngx_http_wasmcell_merge_loc_conf
};

ngx_module_t  ngx_http_wasmcell_module = {
    NGX_MODULE_V1, &ngx_http_wasmcell_module_ctx, ngx_http_wasmcell_commands, NGX_HTTP_MODULE,
    NULL, NULL, ngx_http_wasmcell_init_process, NULL, NULL, ngx_http_wasmcell_exit_process, NULL,
    NGX_MODULE_V1_PADDING
};
