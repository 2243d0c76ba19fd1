/*
 * Answers requests with a function of a WebAssembly component, list<u8> -> list<u8>:
 *
 *     location /upper { wasmcell upper.wat handle; }
 *
 * The master compiles, so a reload with a broken guest changes nothing, and workers map the code.
 * Calls run on the runtime's threads and come back by loop.h, so no guest holds up another.
 */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_channel.h>
#include <wasmcell.h>
#include "loop.h"

typedef struct wasmcell_loc_s {
    ngx_msec_t              timeout;
    ngx_str_t               path, name;
    ngx_pool_cleanup_t     *code;       /* a file in memory: the master's, inherited by workers */
    runtime_function_t     *function;   /* the worker's */
    struct wasmcell_loc_s  *next;
} wasmcell_loc_t;
typedef struct {
    size_t                  memory;
    ngx_int_t               instances;
    wasmcell_loc_t         *guests;
    ngx_fd_t                fds[2];     /* of loop.h */
} wasmcell_main_t;
extern ngx_module_t  ngx_http_wasmcell_module;

/* Logs an error and tells the status that stands for it. */
static ngx_int_t wasmcell_failed(ngx_log_t *log, ngx_str_t *path, runtime_error_t *error) {
    runtime_frame_t       frame = RUNTIME_FRAME_INIT;
    runtime_error_code_t  code = runtime_error_code(error);
    (void) runtime_error_frame(error, 0, &frame);
    ngx_log_error(NGX_LOG_ERR, log, 0, "wasmcell \"%V\": %s: %s%s%s", path,
                  runtime_error_code_name(code), runtime_error_message(error),
                  frame.function ? ", in " : "", frame.function ? frame.function : "");
    return code == RUNTIME_ERROR_TIMEOUT ? NGX_HTTP_GATEWAY_TIME_OUT
         : code == RUNTIME_ERROR_INSTANCE_LIMIT ? NGX_HTTP_SERVICE_UNAVAILABLE
         : NGX_HTTP_INTERNAL_SERVER_ERROR;
}

static void wasmcell_respond(loop_call_t *call) {
    ngx_int_t                  rc;
    ngx_http_request_t        *r = call->data;
    ngx_connection_t          *c = r->connection;
    wasmcell_loc_t            *loc = ngx_http_get_module_loc_conf(r, ngx_http_wasmcell_module);
    ngx_http_complex_value_t   answer;
    ngx_http_set_log_request(c->log, r);
    if (call->error) {
        rc = wasmcell_failed(c->log, &loc->path, call->error);
    } else {
        /* sent from where it is: the call lives as long as the request */
        ngx_memzero(&answer, sizeof(answer));
        answer.value.data = (u_char *) runtime_values_data(call->results)->of.list.ptr;
        answer.value.len = runtime_values_data(call->results)->of.list.len;
        rc = ngx_http_send_response(r, NGX_HTTP_OK, NULL, &answer);
    }
    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}

/* The body in one piece; what is larger than client_body_buffer_size is in a file. */
static u_char *wasmcell_body(ngx_http_request_t *r, size_t *len) {
    u_char       *body, *p;
    ssize_t       n;
    ngx_chain_t  *cl;
    *len = 0;
    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        *len += ngx_buf_size(cl->buf);
    }
    p = body = ngx_pnalloc(r->pool, *len + 1);
    for (cl = r->request_body->bufs; cl && body; cl = cl->next) {
        n = ngx_buf_size(cl->buf);
        if (cl->buf->in_file && ngx_read_file(cl->buf->file, p, n, cl->buf->file_pos) != n) {
            return NULL;
        }
        p = cl->buf->in_file ? p + n : ngx_cpymem(p, cl->buf->pos, n);
    }
    return body;
}

static void wasmcell_start(ngx_http_request_t *r) {
    loop_call_t         *call = NULL;
    runtime_value_t      body;
    wasmcell_loc_t      *loc = ngx_http_get_module_loc_conf(r, ngx_http_wasmcell_module);
    wasmcell_main_t     *all = ngx_http_get_module_main_conf(r, ngx_http_wasmcell_module);
    ngx_pool_cleanup_t  *cln = ngx_pool_cleanup_add(r->pool, 0);
    ngx_memzero(&body, sizeof(runtime_value_t));
    body.kind = RUNTIME_KIND_LIST;
    body.element = RUNTIME_KIND_U8;
    body.of.list.ptr = wasmcell_body(r, &body.of.list.len);
    if (cln && body.of.list.ptr) {
        call = loop_start(all->fds[1], loc->function, &body, 1, loc->timeout, wasmcell_respond, r);
    }
    if (call == NULL) {
        return ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
    cln->data = call;
    cln->handler = loop_release;   /* cancels the call if the request ends before it */
    if (call->ended) {
        return wasmcell_respond(call);
    }
    /* ends the request if the client goes away, or went while the body was read */
    r->read_event_handler = ngx_http_test_reading;
    ngx_post_event(r->connection->read, &ngx_posted_events);
    /* never expires; a worker that shuts down waits for timers, not for requests */
    ngx_add_timer(r->connection->write, loc->timeout + 60000);
}

static ngx_int_t wasmcell_handler(ngx_http_request_t *r) {
    ngx_int_t  rc = ngx_http_read_client_request_body(r, wasmcell_start);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

static void wasmcell_ended(ngx_event_t *ev) {
    (void) loop_run(((ngx_connection_t *) ev->data)->fd);
}

static char *wasmcell_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
    ngx_str_t                 *value = cf->args->elts;
    wasmcell_loc_t            *loc = conf;
    ngx_http_core_loc_conf_t  *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    wasmcell_main_t *all = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasmcell_module);
    if (loc->path.data) {
        return "is duplicate";
    }
    loc->code = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_pool_cleanup_file_t));
    if (!loc->code || ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }
    loc->path = value[1];
    loc->name = value[2];
    loc->next = all->guests;
    all->guests = loc;
    core->handler = wasmcell_handler;
    return NGX_CONF_OK;
}

/* In the master, which compiles and keeps the code, and in workers, which keep the functions. */
static ngx_int_t wasmcell_load(wasmcell_main_t *all, ngx_cycle_t *cycle, ngx_flag_t is_master) {
    ngx_str_t                 path = ngx_string("limits");
    wasmcell_loc_t           *guest;
    runtime_t                *runtime = NULL;
    runtime_error_t          *error;
    runtime_builder_t        *builder = runtime_builder_new();
    runtime_component_t      *component = NULL;
    ngx_pool_cleanup_file_t  *code;

    runtime_builder_max_linear_memory(builder, all->memory);
    runtime_builder_max_components(builder, all->instances);
    error = runtime_build(builder, &runtime);
    runtime_builder_free(builder);
    for (guest = all->guests; guest && !error; guest = guest->next) {
        path = guest->path;
        code = guest->code->data;
        error = is_master ? runtime_component_from_file(runtime, (char *) path.data, path.len,
                                                        NULL, &component)
                          : runtime_component_from_fd(runtime, code->fd, NULL, &component);
        if (error == NULL) {
            error = runtime_component_function(component, (char *) guest->name.data,
                                               guest->name.len, &guest->function);
        }
        if (error == NULL && is_master) {
            runtime_function_free(guest->function);
            guest->function = NULL;
            code->name = path.data;
            code->log = &cycle->new_log;   /* cycle->log is the old cycle's still */
            error = runtime_component_share(component, &code->fd);
            guest->code->handler = error ? NULL : ngx_pool_cleanup_file;
        }
        runtime_component_free(component);
    }
    runtime_free(runtime);   /* functions keep what they need of it */
    if (error == NULL) {
        return NGX_OK;
    }
    (void) wasmcell_failed(cycle->log, &path, error);
    runtime_error_free(error);
    return NGX_ERROR;
}

/* In the master, at start and at each reload. */
static ngx_int_t wasmcell_postconfiguration(ngx_conf_t *cf) {
    wasmcell_main_t  *all = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasmcell_module);
    ngx_conf_init_size_value(all->memory, 16 * 1024 * 1024);
    ngx_conf_init_value(all->instances, 64);
    return all->guests && ngx_process != NGX_PROCESS_SIGNALLER ? wasmcell_load(all, cf->cycle, 1)
                                                               : NGX_OK;
}

static ngx_int_t wasmcell_init_process(ngx_cycle_t *cycle) {
    wasmcell_main_t  *all = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_wasmcell_module);
    if (all == NULL || all->guests == NULL || ngx_process == NGX_PROCESS_HELPER) {
        return NGX_OK;
    }
    if (loop_open(all->fds) == -1
        || ngx_add_channel_event(cycle, all->fds[0], NGX_READ_EVENT, wasmcell_ended) != NGX_OK) {
        return NGX_ERROR;
    }
    return wasmcell_load(all, cycle, 0);
}

static void *wasmcell_create_main(ngx_conf_t *cf) {
    wasmcell_main_t  *all = ngx_pcalloc(cf->pool, sizeof(wasmcell_main_t));
    if (all) {
        all->memory = NGX_CONF_UNSET_SIZE;
        all->instances = NGX_CONF_UNSET;
    }
    return all;
}

static void *wasmcell_create_loc(ngx_conf_t *cf) {
    wasmcell_loc_t  *loc = ngx_pcalloc(cf->pool, sizeof(wasmcell_loc_t));
    if (loc) {
        loc->timeout = NGX_CONF_UNSET_MSEC;
    }
    return loc;
}

static char *wasmcell_merge_loc(ngx_conf_t *cf, void *parent, void *child) {
    wasmcell_loc_t  *prev = parent, *conf = child;
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 1000);
    return NGX_CONF_OK;
}

static ngx_command_t  wasmcell_commands[] = {
    { ngx_string("wasmcell"), NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2, wasmcell_directive,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
    { ngx_string("wasmcell_timeout"), NGX_HTTP_MAIN_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(wasmcell_loc_t, timeout), NULL },
    { ngx_string("wasmcell_memory"), NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1, ngx_conf_set_size_slot,
      NGX_HTTP_MAIN_CONF_OFFSET, offsetof(wasmcell_main_t, memory), NULL },
    { ngx_string("wasmcell_instances"), NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1, ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET, offsetof(wasmcell_main_t, instances), NULL },
    ngx_null_command
};

static ngx_http_module_t  wasmcell_context = {
    NULL, wasmcell_postconfiguration, wasmcell_create_main, NULL,
    NULL, NULL, wasmcell_create_loc, wasmcell_merge_loc
};

ngx_module_t  ngx_http_wasmcell_module = {
    NGX_MODULE_V1, &wasmcell_context, wasmcell_commands, NGX_HTTP_MODULE,
    NULL, NULL, wasmcell_init_process, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};
