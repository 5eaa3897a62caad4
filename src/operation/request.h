/* request.h - what to ask and how patient to be, as the operation reads it. Immutable while in
 * flight; shared by the caller and its operations. May be included by operation, drive and client.
 */
#ifndef INTERIM_OPERATION_REQUEST_H
#define INTERIM_OPERATION_REQUEST_H

#include "base/fields.h"
#include "exchange/sender.h"
#include "exchange/uri.h"

struct interim_request {
    unsigned references; /* the caller's, and one for each operation */
    unsigned in_flight;  /* operations */
    char *method;
    interim__uri uri;
    interim__fields fields; /* name and value of each in one block of its own */
    char *authorization;    /* "Basic ...", or NULL */
    char *body_memory;      /* owner of body.data */
    interim__body_source body;
    bool decode;               /* ask for content codings, and undo them ... */
    uint64_t decoded_max;      /* ... up to so many bytes; 0: no limit */
    interim_patience patience; /* defaults filled in */
    interim_polling polling;   /* defaults filled in */
    interim_event_fn on_interim, on_event;
    interim_body_fn on_body;
    void *interim_user, *event_user, *body_user;
};

/* Drops one reference; the last one frees it, secrets overwritten. */
void interim__request_release(interim_request *request);

/* Fills in the defaults: zero of each field means its default. */
void interim__polling_fill(interim_polling *polling);

/* What is known of methods (RFC 9110 section 9.2, RFC 4918). Safe: changes nothing on the server.
 * Repeatable: idempotent, and not one that works for long (COPY, MOVE): may be sent once more if
 * not one byte of an answer came on a connection that had been idle. */
bool interim__method_is_safe(const char *method);
bool interim__method_is_repeatable(const char *method);

#endif
