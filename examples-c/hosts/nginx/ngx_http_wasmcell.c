/*
 * Requests: the body goes to the guest, its answer to the client.
 *
 * Calls run on the runtime's threads and come back to the event loop by loop.h, so a guest that
 * computes or waits holds up nobody else.
 */
#include "ngx_http_wasmcell.h"

/* Logs an error and tells the status that stands for it. */
ngx_int_t
ngx_http_wasmcell_failed(ngx_log_t *log, ngx_str_t *path, runtime_error_t *error)
{
    runtime_frame_t  frame = RUNTIME_FRAME_INIT;

    (void) runtime_error_frame(error, 0, &frame);
    ngx_log_error(NGX_LOG_ERR, log, 0, "wasmcell \"%V\": %s: %s%s%s", path,
                  runtime_error_code_name(runtime_error_code(error)), runtime_error_message(error),
                  frame.function ? ", in " : "", frame.function ? frame.function : "");

    switch (runtime_error_code(error)) {
    case RUNTIME_ERROR_TIMEOUT:
        return NGX_HTTP_GATEWAY_TIME_OUT;
    case RUNTIME_ERROR_INSTANCE_LIMIT:
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}

static void
ngx_http_wasmcell_respond(loop_call_t *call)
{
    ngx_int_t                      rc;
    ngx_http_request_t            *r = call->data;
    ngx_connection_t              *c = r->connection;
    ngx_http_complex_value_t       cv;
    ngx_http_wasmcell_loc_conf_t  *wlcf;

    ngx_http_set_log_request(c->log, r);

    if (call->error) {
        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasmcell_module);
        rc = ngx_http_wasmcell_failed(c->log, &wlcf->path, call->error);

    } else {
        /* sent from where it is: the call lives as long as the request */
        ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
        cv.value.data = (u_char *) runtime_values_data(call->results)->of.list.ptr;
        cv.value.len = runtime_values_data(call->results)->of.list.len;
        rc = ngx_http_send_response(r, NGX_HTTP_OK, NULL, &cv);
    }

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}

/* The body in one piece; what is larger than client_body_buffer_size is in a file. */
static u_char *
ngx_http_wasmcell_body(ngx_http_request_t *r, size_t *len)
{
    u_char       *body, *p;
    ssize_t       n;
    ngx_chain_t  *cl;

    *len = 0;
    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        *len += ngx_buf_size(cl->buf);
    }

    body = ngx_pnalloc(r->pool, *len + 1);
    if (body == NULL) {
        return NULL;
    }

    p = body;
    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        n = ngx_buf_size(cl->buf);
        if (!cl->buf->in_file) {
            p = ngx_cpymem(p, cl->buf->pos, n);
        } else if (ngx_read_file(cl->buf->file, p, n, cl->buf->file_pos) == n) {
            p += n;
        } else {
            return NULL;
        }
    }

    return body;
}

static void
ngx_http_wasmcell_body_handler(ngx_http_request_t *r)
{
    loop_call_t                    *call = NULL;
    runtime_value_t                 body;
    ngx_pool_cleanup_t             *cln;
    ngx_http_wasmcell_loc_conf_t   *wlcf;
    ngx_http_wasmcell_main_conf_t  *wmcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasmcell_module);
    wmcf = ngx_http_get_module_main_conf(r, ngx_http_wasmcell_module);

    ngx_memzero(&body, sizeof(runtime_value_t));
    body.kind = RUNTIME_KIND_LIST;
    body.element = RUNTIME_KIND_U8;
    body.of.list.ptr = ngx_http_wasmcell_body(r, &body.of.list.len);

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln && body.of.list.ptr) {
        call = loop_start(wmcf->fds[1], wlcf->function, &body, 1, wlcf->timeout,
                          ngx_http_wasmcell_respond, r);
    }
    if (call == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    cln->data = call;
    cln->handler = loop_release;   /* cancels the call if the request ends before it */

    if (call->ended) {
        ngx_http_wasmcell_respond(call);
        return;
    }

    /* ends the request if the client goes away, or went while the body was read */
    r->read_event_handler = ngx_http_test_reading;
    ngx_post_event(r->connection->read, &ngx_posted_events);

    /* never expires; a worker that shuts down waits for timers, not for requests */
    ngx_add_timer(r->connection->write, wlcf->timeout + 60000);
}

ngx_int_t
ngx_http_wasmcell_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_read_client_request_body(r, ngx_http_wasmcell_body_handler);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

void
ngx_http_wasmcell_event_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c = ev->data;

    (void) loop_run(c->fd);
}
