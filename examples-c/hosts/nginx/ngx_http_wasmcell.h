#ifndef NGX_HTTP_WASMCELL_H
#define NGX_HTTP_WASMCELL_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <wasmcell.h>
#include "loop.h"

typedef struct {
    ngx_array_t          guests;     /* of ngx_http_wasmcell_loc_conf_t * */
    size_t               memory;
    ngx_int_t            instances;
    runtime_t           *runtime;    /* the worker's */
    ngx_fd_t             fds[2];     /* of loop.h */
} ngx_http_wasmcell_main_conf_t;

typedef struct {
    ngx_msec_t           timeout;
    ngx_str_t            path;
    ngx_str_t            name;
    ngx_str_t            code;       /* compiled by the master, inherited by workers */
    runtime_function_t  *function;   /* the worker's */
} ngx_http_wasmcell_loc_conf_t;

ngx_int_t ngx_http_wasmcell_handler(ngx_http_request_t *r);
void ngx_http_wasmcell_event_handler(ngx_event_t *ev);
ngx_int_t ngx_http_wasmcell_failed(ngx_log_t *log, ngx_str_t *path, runtime_error_t *error);

extern ngx_module_t  ngx_http_wasmcell_module;

#endif
