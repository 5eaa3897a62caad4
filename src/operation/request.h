/* request.h - what to ask and how patient to be, as the operation reads it. Immutable while in
 * flight; shared by the caller and its operations. May be included by operation, drive and client.
 */
#ifndef INTERIM_OPERATION_REQUEST_H
#define INTERIM_OPERATION_REQUEST_H

#include "base/fields.h"
#include "exchange/sender.h"
#include "exchange/uri.h"
#include "operation/authentication.h"
#include "operation/way.h"

struct interim__token;
struct interim__prepared;

struct interim_request {
    unsigned references; /* the caller's, and one for each operation */
    unsigned in_flight;  /* operations */
    char *method;
    interim__uri *uri;
    interim__way way;                   /* to the origin of uri */
    bool written;                       /* its head was, since it was changed last ... */
    struct interim__prepared *prepared; /* ... more than once, as here; NULL: not so */
    struct interim__prepared *poll;     /* what its polls say behind their target; or NULL */
    interim__fields fields;             /* name and value of each in one block of its own */
    interim__credentials credentials;
    char *body_memory; /* owner of body.data */
    interim__body_source body;
    interim_expect expect;
    bool decode;                    /* ask for content codings, and undo them ... */
    uint64_t decoded_max;           /* ... up to so many bytes; 0: no limit */
    interim_patience patience;      /* defaults filled in */
    interim_polling polling;        /* defaults filled in, but for outage_ms; link_member is ... */
    char link_member[64];           /* ... this */
    bool own_deadline;              /* deadline_ms was set by the caller */
    struct interim__token *resumed; /* a job that is there already; NULL: none */
    interim_poll_fn on_poll;
    void *poll_user;
    bool third_party; /* see interim_request_set_third_party */
    bool wants_trailers;
    int64_t total_bytes; /* of the copy, for the percentage; 0: not known */
    char *trusted;       /* hosts to which a redirect may take the fields; NULL: none */
    interim_accepted_fn on_accepted;
    void *accepted_user;
    bool safe;                            /* its method is */
    bool resumes;                         /* its upload may resume, by ... */
    interim_upload_resumption resumption; /* defaults filled in */
    interim_event_fn on_interim, on_event;
    interim_body_fn on_body;
    bool to_descriptor;     /* on_body writes to one, and answers INTERIM_ESYSTEM with errno */
    int body_fd, output_fd; /* of the caller */
    int64_t body_offset;    /* of the body in body_fd */
    void *interim_user, *event_user, *body_user;
};

/* Whether it may be changed: not in flight. What was prepared for it as it is is forgotten. */
bool interim__request_may_change(interim_request *request);

/* Takes off and overwrites all fields but the first count of them. */
void interim__request_drop_fields(interim_request *request, size_t count);

/* Whether both ask a monitor in the same way: as the same user, with the same fields, by the same
 * way, so that an answer to one is an answer to the other. */
bool interim__request_asks_same(const interim_request *a, const interim_request *b);

/* Drops one reference; the last one frees it, secrets overwritten. */
void interim__request_release(interim_request *request);

/* Fills in the defaults: zero of each field means its default. */
void interim__polling_fill(interim_polling *polling);
void interim__resumption_fill(interim_upload_resumption *resumption);

/* Safe: changes nothing on the server (RFC 9110 section 9.2.1, RFC 4918), and may be sent once more
 * if not one byte of an answer came on a connection that had been idle. PUT and DELETE, though
 * idempotent, may not: the second one is answered 412 or 404 because the first one was done. */
bool interim__method_is_safe(const char *method);

#endif
