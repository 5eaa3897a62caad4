/* interim.h - HTTP requests that take long: the API of libinterim and its manual.
 *
 * A server that is still working says so in one of three ways: interim responses (102 Processing
 * and every other 1xx) on the held connection, 202 Accepted with the URL of a monitor, or a
 * streamed body of markers. libinterim makes them one operation with one stream of events and one
 * result, blocking (interim_perform) or asynchronous (interim_start).
 *
 *     interim_client *client;
 *     interim_request *request;
 *     interim_result *result;
 *
 *     if (interim_client_new(&client, NULL) < 0) ...
 *     if (interim_request_new(&request, "COPY", "https://dav.example/a/") < 0) ...
 *     interim_request_add_header(request, "Destination", "https://dav.example/b/");
 *     interim_request_add_header(request, "Overwrite", "F");
 *     interim_request_on_interim(request, print_sign_of_life, NULL);
 *     interim_perform(&result, client, request);
 *     printf("%s, status %d\n", interim_result_reason(result), interim_result_status(result));
 *     interim_result_free(result);
 *     interim_request_free(request);
 *     interim_client_free(client);
 *
 * Words. A *request* says what to ask and how patient to be. An *exchange* is one request on one
 * connection: any number of interim responses, then one final response (RFC 9110 section 15). An
 * *operation* goes from the call to the *outcome* and may take many exchanges: redirects, polls,
 * and the waits between them. An *interim* is a 1xx response. A *monitor* is the URL that a 202
 * names, a *poll* a GET of it. A *sign of life* is an interim, the answer to a poll, or a marker;
 * *silence* is the time since the last one.
 *
 * Threads. The library has no mutable global state and no thread-locals, and objects have no thread
 * of their own: use a client, its requests, operations and results from one thread at a time, and
 * different clients freely at once. A lock of the caller's is enough to pass a client around. Only
 * interim_client_wake may be called from any thread at any time.
 *
 * Ownership is said in these words. *Borrowed until return*: the library reads it during the call
 * only. *Borrowed until X*: it must stay valid and unchanged until X. *Copied*: the caller may free
 * it at once. *Transferred*: the receiver must free it.
 *
 * Callbacks run only inside interim_perform, interim_client_run, interim_start (never its on_done)
 * and interim_client_free, on the thread that called these. A callback may start operations, cancel
 * any operation and free requests; it must not free the client and must not call interim_perform or
 * interim_client_run on it (they answer INTERIM_EBUSY). Callbacks must not longjmp out,
 * and no exception of C++ may leave them.
 *
 * Errors. A function that returns int answers 0 or more when it worked and a negative INTERIM_E*
 * when not. An HTTP status of 400 or more is a result, never an error code. Nothing aborts for want
 * of memory: INTERIM_ENOMEM.
 *
 * Signals. The library never raises SIGPIPE and installs no signal handlers. A signal that
 * interrupts interim_client_run makes it return early with 0 or more.
 *
 * Fork. A client must not be used in a child process.
 */
#ifndef INTERIM_H
#define INTERIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && __GNUC__ >= 4
#define INTERIM_API __attribute__((visibility("default")))
#else
#define INTERIM_API
#endif

/* The version of this header; interim_version() tells that of the library. */
#define INTERIM_VERSION "0.1.0"

/* "0.1.0": the version of the library that is loaded. Static. Since: 0.1. */
INTERIM_API const char *interim_version(void);

/* A length of time without limit, in milliseconds, where a field says that it may be used. */
#define INTERIM_FOREVER ((int64_t)-1)
/* No time at all, where zero would mean the default. */
#define INTERIM_AT_ONCE ((int64_t)-2)

/* ---- Errors -------------------------------------------------------------------------------- */

/* Every error: name, code, and the text of interim_strerror. Codes never change their meaning. */
#define INTERIM_ERRORS(X)                                                                          \
    /* Misuse: the caller's to mend; nothing was sent. */                                          \
    X(EINVAL, -1, "an argument is out of its range")                                               \
    X(EURL, -2, "the URL cannot be used")                                                          \
    X(EMETHOD, -3, "the method is not an HTTP token")                                              \
    X(EFIELD, -4, "the field cannot be sent")                                                      \
    X(EBUSY, -5, "the object is in use")                                                           \
    X(EUNSUPPORTED, -6, "this build or system cannot do that")                                     \
    X(ETOKEN, -7, "the text is no resume token that can be used")                                  \
    /* Local: this process or machine. */                                                          \
    X(ENOMEM, -20, "out of memory")                                                                \
    X(ESYSTEM, -21, "a system call failed")                                                        \
    X(ECALLBACK, -22, "the body reader of the caller failed")                                      \
    X(ECANCELLED, -23, "the caller stopped waiting")                                               \
    X(EBODY_LIMIT, -24, "the body is larger than the cap for kept bodies")                         \
    X(ELOG, -25, "the event log could not be written")                                             \
    X(EREWIND, -26, "the body has to be sent again, and its reader gives it once only")            \
    /* On the way to the server: nothing was sent. */                                              \
    X(ERESOLVE, -40, "the host name could not be resolved")                                        \
    X(ECONNECT, -41, "no connection could be made")                                                \
    X(ETLS, -42, "the TLS handshake or stream failed")                                             \
    X(ECERTIFICATE, -43, "the certificate of the server could not be verified")                    \
    X(EPROXY, -44, "the proxy did not connect")                                                    \
    /* The peer broke the protocol. */                                                             \
    X(ESTATUS_LINE, -60, "the answer does not begin with an HTTP/1 status line")                   \
    X(EFIELD_LINE, -61, "a field line of the answer is malformed")                                 \
    X(EHEAD_LIMIT, -62, "the head of the answer is too large")                                     \
    X(EUPGRADE, -63, "the server switched protocols without being asked")                          \
    X(EFRAMING, -64, "the length of the answer's body is not well defined")                        \
    X(ECHUNK, -65, "the chunked coding of the answer is malformed")                                \
    X(ETRUNCATED, -66, "the connection ended in the middle of the answer")                         \
    X(EDISCONNECTED, -67, "the connection ended before the final response")                        \
    X(EFLOOD, -68, "interim responses came faster than the flood limit")                           \
    X(EREDIRECT, -69, "the redirect cannot be followed")                                           \
    X(ECODING, -70, "the content coding of the answer is malformed or over a limit")               \
    X(EMULTISTATUS, -71, "the Multi-Status body cannot be relied on")                              \
    X(EMARKERS, -75, "the markers ended without telling how the copy ended")                       \
    /* Limits of time. */                                                                          \
    X(ECONNECT_TIMEOUT, -80, "connecting took longer than the connect limit")                      \
    X(EHEAD_TIMEOUT, -81, "the head of the answer took longer than the head limit")                \
    X(ESILENCE, -82, "the server was silent for longer than the silence limit")                    \
    X(ETOTAL, -83, "the operation took longer than the total limit")                               \
    X(ESTALLED, -85, "markers came, but the bytes of the copy did not move any more")              \
    /* Polling a monitor. */                                                                       \
    X(EPOLL_GONE, -100, "the monitor disappeared")                                                 \
    X(EPOLL_UNREACHABLE, -101, "the monitor could not be asked for too long")                      \
    X(EPOLL_AUTH, -102, "the monitor refused the credentials")                                     \
    X(EPOLL_REDIRECT, -103, "the monitor redirects in a way that cannot be followed")              \
    X(EPOLL_DEADLINE, -104, "the job was still running at the polling deadline")                   \
    X(EPOLL_DOCUMENT, -105, "the monitor answers with what is no status document")                 \
    /* Resuming an upload. */                                                                      \
    X(EUPLOAD_GONE, -120, "the upload cannot be resumed")                                          \
    X(EUPLOAD_UNREACHABLE, -121, "the upload could not be resumed for too long")                   \
    X(EUPLOAD_OFFSET, -122, "the offset that the server reports cannot be right")                  \
    X(EUPLOAD_LIMIT, -123, "the body is over a limit of the server for uploads")                   \
    X(EUPLOAD_RULES, -124, "the server breaks the rules of resumable uploads")                     \
    X(EUPLOAD_LOST, -125, "the upload is complete, but the answer to it was lost")

typedef enum interim_error_code {
    INTERIM_OK = 0,
#define INTERIM_ERROR_ENUM(name, code, text) INTERIM_##name = code,
    INTERIM_ERRORS(INTERIM_ERROR_ENUM)
#undef INTERIM_ERROR_ENUM
} interim_error_code;

/* The text of a code, and its name ("INTERIM_ESILENCE"). Static; "unknown error" for others. Since:
 * 0.1. */
INTERIM_API const char *interim_strerror(int code);
INTERIM_API const char *interim_error_name(int code);

/* Where an operation was when it failed. */
typedef enum interim_stage {
    INTERIM_STAGE_START = 0,
    INTERIM_STAGE_RESOLVE,
    INTERIM_STAGE_CONNECT,
    INTERIM_STAGE_TLS,
    INTERIM_STAGE_SEND,
    INTERIM_STAGE_HEAD,
    INTERIM_STAGE_BODY,
    INTERIM_STAGE_WAIT
} interim_stage;

/* (TLS is spoken by libinterim-tls, a part of its own of the shared library, which is loaded when
 * the first URL, option or answer to Digest needs it; see README.md, "Linking". Where that fails,
 * it is ETLS with a text that begins with "no TLS", and is tried again the next time.) */

/* One failure, the first that happened. The text adds facts (what was seen, where), never a secret,
 * and is at most 159 bytes. */
typedef struct interim_error {
    size_t size;
    int code; /* INTERIM_E*, 0 when there was no failure */
    interim_stage stage;
    int os_error;            /* errno, or the EAI_* of getaddrinfo for ERESOLVE; 0 when neither */
    unsigned long tls_error; /* an OpenSSL error for ETLS, an X509_V_ERR_* for ECERTIFICATE, or 0 */
    int status;              /* the last status that was seen, interim or final; 0 when none */
    int64_t offset; /* byte of the answer that is wrong, or where a truncated one ended; else -1 */
    char text[160];
} interim_error;

INTERIM_API const char *interim_stage_name(interim_stage stage);

/* ---- Events -------------------------------------------------------------------------------- */

/* A field (RFC 9110 section 5). Both strings end with NUL; a value never holds CR, LF or NUL. */
typedef struct interim_field {
    const char *name;
    const char *value;
    size_t name_length;
    size_t value_length;
} interim_field;

typedef enum interim_event_kind {
    INTERIM_EVENT_START = 0, /* the operation begins */
    INTERIM_EVENT_CONNECTED, /* a connection is ready (new or reused: see text) */
    INTERIM_EVENT_SENT,      /* the request was written completely */
    INTERIM_EVENT_INTERIM,   /* a 1xx response: a sign of life */
    INTERIM_EVENT_RESPONSE,  /* the head of a final response of an exchange */
    INTERIM_EVENT_REDIRECT,  /* a redirect is followed; url says where to */
    INTERIM_EVENT_ACCEPTED,  /* a 202 will be polled; url is the monitor */
    INTERIM_EVENT_WAITING,   /* the next poll comes in wait_ms */
    INTERIM_EVENT_POLL,      /* a monitor answered: a sign of life; text tells its state */
    INTERIM_EVENT_MARKER,    /* a performance marker of a streamed body: a sign of life; done tells
                                the bytes */
    INTERIM_EVENT_RETRY,     /* a safe request failed and is asked again in wait_ms; or a 401 or 407
                                is answered (text tells how, and to whom); or an upload was
                                interrupted and the server is asked in wait_ms how much it has */
    INTERIM_EVENT_GAP,       /* silence for longer than gap_warning, repeated as it doubles */
    INTERIM_EVENT_END,       /* the outcome is known; the last event of an operation */
    INTERIM_EVENT_LOOK,      /* a settling has looked at its places (text tells what it saw): a sign
                                of life */
    INTERIM_EVENT_QUEUED     /* it waits in line for a connection; text tells which limit of the
                                client is reached. CONNECTED follows */
} interim_event_kind;

/* Which exchange of its operation an event belongs to. */
typedef enum interim_hop {
    INTERIM_HOP_REQUEST = 0,    /* the request itself */
    INTERIM_HOP_REDIRECT,       /* the request after hop_index redirects */
    INTERIM_HOP_POLL,           /* poll number hop_index */
    INTERIM_HOP_RESULT,         /* the GET of a result that a finished monitor named */
    INTERIM_HOP_TUNNEL,         /* CONNECT at a proxy, before any of these, after hop_index answers
                                   to a 407 */
    INTERIM_HOP_AUTHENTICATION, /* the request, or a redirect of it, after hop_index answers to a
                                  401 or, through a proxy without a tunnel, a 407; polls and
                                  results keep their hop */
    INTERIM_HOP_CANCEL,         /* the DELETE of interim_operation_cancel_job */
    INTERIM_HOP_UPLOAD /* HEAD or PATCH of an upload resource, after hop_index HEADs of it */
} interim_hop;

typedef enum interim_outcome {
    INTERIM_PENDING = 0, /* not finished; never in a result */
    INTERIM_DONE,        /* the server says that it succeeded */
    INTERIM_FAILED,      /* it did not succeed, and that is known: the server says so (error 0), or
                            a request that changes nothing got no usable answer, or an upload
                            cannot be resumed and the server has not got all of it (error set) */
    INTERIM_CANCELLED,   /* the caller stopped waiting, and a job on the server was not touched; or
                            the server stopped the job, after interim_operation_cancel_job */
    INTERIM_ACCEPTED, /* a 202 that is final: interim_result_reason tells why it was not polled */
    INTERIM_STILL_RUNNING, /* our deadline passed while the server was working: after a 202 or at
                              least one sign of life (before that it is INTERIM_UNKNOWN); the job
                              lives on */
    INTERIM_UNREACHABLE,   /* no connection could be made and nothing was sent; or, after a 202, the
                              monitor stayed out of reach and the job may live on */
    INTERIM_UNKNOWN        /* the request was sent and nobody told how it ended (502, 503 and 504 to
                              anything but a safe request do not tell either): look before asking
                              again */
} interim_outcome;

INTERIM_API const char *interim_event_name(interim_event_kind kind); /* "interim", "gap", ... */
INTERIM_API const char *interim_hop_name(interim_hop hop);
INTERIM_API const char *interim_outcome_name(interim_outcome outcome);

/* Something that happened to an operation. Everything in it is borrowed until the callback returns,
 * or, for the events of a result, until interim_result_free. */
typedef struct interim_event {
    size_t size;
    interim_event_kind kind;
    interim_hop hop;
    unsigned hop_index;
    uint64_t operation;   /* number of the operation in its client: 1, 2, 3 ... */
    uint64_t sequence;    /* number of the event in its operation: 1, 2, 3 ... */
    int64_t wall_ns;      /* nanoseconds since 1970-01-01T00:00:00Z */
    int64_t monotonic_ns; /* CLOCK_MONOTONIC */
    int64_t elapsed_ms;   /* since the operation began */
    int64_t silence_ms; /* since the sign of life before this one, or since the request was sent */
    int status;         /* of the message, 0 when the event is not about one */
    const char *reason; /* its reason phrase, "" when it had none */
    const interim_field *fields; /* as the peer sent them: they may hold secrets */
    size_t field_count;
    const char *method;
    const char *url;            /* of the exchange; user-info and monitor query blanked */
    const char *peer;           /* "192.0.2.1:443", "unix:/run/dav.sock", "" before there is a
                                   connection */
    const char *server;         /* Server of this message, "" when absent */
    const char *via;            /* Via of this message, "" when absent */
    double percent;             /* 0 ... 100 as the server says, -1 when it does not */
    int64_t done, total;        /* units or bytes that the server reports, -1 when it does not */
    int64_t wait_ms;            /* WAITING, RETRY: until the next request; else -1 */
    interim_outcome outcome;    /* END; else INTERIM_PENDING */
    const interim_error *error; /* END, RETRY: what went wrong; NULL when nothing did */
    const char *text;           /* one line more, "" when there is nothing to add */
} interim_event;

/* Returns 0 to go on. Any other value cancels the operation (local: the remote job is not touched),
 * whose outcome is then INTERIM_CANCELLED. */
typedef int (*interim_event_fn)(const interim_event *event, void *user);

/* ---- The client ---------------------------------------------------------------------------- */

/* A pool of connections, a TLS context, a resolver and timers. */
typedef struct interim_client interim_client;

typedef enum interim_engine {
    INTERIM_ENGINE_AUTO = 0, /* epoll where the system has it */
    INTERIM_ENGINE_EPOLL,
    INTERIM_ENGINE_POLL /* poll(2): works everywhere, but has no single descriptor */
} interim_engine;

typedef enum interim_tls_version { INTERIM_TLS_1_2 = 0, INTERIM_TLS_1_3 } interim_tls_version;

/* Zero of each field means its default. Strings are borrowed until interim_client_new returns.
 * Files are PEM, and are read there.
 *
 * TLS. The certificate and the host name of a server are always verified. The client certificate is
 * offered to the origins that requests name, when they ask for one, and never to another origin
 * that a redirect or a monitor leads to; connections with it and without it are kept apart. Later
 * connections of a client to the same origin resume the TLS session of an earlier one.
 *
 * Proxies. A 407 (RFC 9110 section 15.5.8) is answered as a 401 is, see interim_authentication,
 * for requests in absolute form and for CONNECT; the proxy has passed nothing on, so COPY may be
 * sent again too. What a proxy has accepted is sent to it unasked from then on. Its credentials go
 * to that proxy and to nobody else, and those of a request never to a proxy. A body from a reader
 * that was asked already ends the operation with EREWIND: Expect: 100-continue, a request without a
 * body before it, or INTERIM_SCHEME_BASIC avoids that.
 * proxy_authentication: scheme, clear_text and fresh hold for all HTTP proxies; user, password and
 * token only for `proxy`, instead of those in its URL. fresh is told which proxy it is, and
 * fresh_user is borrowed until the client is freed. Without it, Basic is answered in clear text.
 *
 * Limits. An operation that finds max_connections or max_connections_per_origin reached waits in
 * line (INTERIM_EVENT_QUEUED, interim_operation_is_queued): at its origin it is first come, first
 * served, and between origins it goes round, so that none keeps the others waiting. Only total_ms
 * and the deadline of a job go on meanwhile; connect_ms begins when it is let in. It can be
 * cancelled as any other. Idle connections keep nobody waiting: they are closed to make room, those
 * that were used longest ago first. An operation keeps its place through redirects and logins on
 * one origin; between polls it has no connection. A connection that is being made counts as one,
 * whatever number of addresses is tried; all plain origins behind an HTTP proxy are one. Neither is
 * limited by default, because an operation may keep its connection for hours: six of an origin, as
 * browsers have, would hold up the seventh for as long. Set them where a server wants it (RFC 9112
 * section 9.4), or where descriptors are few. */
typedef struct interim_client_options {
    size_t size;
    interim_engine engine;
    const char *ca_file;    /* trusted CAs instead of the system's */
    const char *user_agent; /* "libinterim/VERSION"; "" sends none */
    int64_t idle_ms;        /* how long an unused connection is kept: 60,000; INTERIM_FOREVER: until
                               the server closes it; INTERIM_AT_ONCE: not at all, each serves for
                               one request, and servers are told so (Connection: close) */
    size_t body_cap_bytes;  /* how much of a body is kept in a result: 16 MiB; more than that is
                               INTERIM_EBODY_LIMIT (stream it by interim_request_on_body) */
    const char *ca_dir;     /* directory of trusted CAs instead of the system's, as `openssl rehash`
                               prepares it; with ca_file: both are trusted */
    const char *certificate_file; /* client certificate, then its chain: none */
    const char *key_file;         /* its key: it is in certificate_file */
    const char *key_password;     /* of an encrypted key: there is none (nobody is asked for it) */
    const char *crl_file; /* CRLs: no check. With it, a server is taken only if for each certificate
                             of its chain, those of intermediate CAs too, a CRL of the issuer is
                             here, is current, and does not revoke it; a CA of ca_file or ca_dir
                             that is no root needs none. ECERTIFICATE else */
    const char *pinned_keys;  /* "sha256//" and the base64 of the SHA-256 of a public key
                                 (SubjectPublicKeyInfo), several with ";" between: none. With it,
                                 a server must also have one of these keys */
    const char *key_log_file; /* regular file to which the secrets of connections are appended, for
                                 Wireshark: none. Who reads it reads everything that was sent */
    interim_tls_version tls_min; /* oldest version that is spoken: TLS 1.2 */
    interim_error *error; /* is filled in when interim_client_new fails, its text tells which file
                             or option and why: NULL. Set its size before; borrowed until return */
    const char *proxy; /* "http://[user:password@]host[:port]" or "socks5h://...": for all URLs, by
                          absolute form and CONNECT, or by SOCKS5 with names resolved there: none.
                          A 407 is answered with user and password (percent-encoded, 255 bytes
                          each), by Digest before Basic; see proxy_authentication */
    const char *no_proxy; /* what is reached directly all the same: names (with all below them),
                             addresses, networks, or "*", with commas between: none */
    int proxy_from_environment; /* other than 0: without a proxy above, read http_proxy,
                                   https_proxy, all_proxy and no_proxy as curl does: not read */
    const struct interim_authentication *proxy_authentication; /* how to log in at HTTP proxies, if
                                   not as the above says: copied. See Proxies, above */
    unsigned polls_at_once;   /* polls under way at one origin, the others wait in line: 8 */
    int tls_no_resumption;    /* other than 0: each TLS handshake is a full one, so that no ticket
                                 tells a server which connections are of the same client (RFC 8446
                                 appendix C.4): sessions are resumed */
    unsigned max_connections; /* open at once, idle ones included: any number. See Limits, above */
    unsigned max_connections_per_origin; /* the same for one scheme, host and port: any number */
    int resolver_cache_s; /* how long the addresses of a name are used again, in seconds, at most a
                             day: 60; negative: not at all. See Names, below */
    int attempt_delay_ms; /* head start of an address over the next one of the same name, 10 ...
                             2,000: 250. Raise it where a round trip takes longer than that, so that
                             servers are not called twice; below 100 it crowds a network that loses
                             packets (RFC 8305 section 8) */
} interim_client_options;
#define INTERIM_CLIENT_OPTIONS_INIT                                                                \
    {                                                                                              \
        sizeof(interim_client_options), INTERIM_ENGINE_AUTO, NULL, NULL, 0, 0, NULL, NULL, NULL,   \
            NULL, NULL, NULL, NULL, INTERIM_TLS_1_2, NULL, NULL, NULL, 0, NULL, 0, 0, 0, 0, 0, 0   \
    }

/* Names. Host names are looked up by the system (getaddrinfo: hosts file, nsswitch.conf, DNS and
 * search domains as they are set up here), in up to 4 threads of the client's own, and up to 32
 * when look-ups hang; with signals blocked, and only while there is something to look up. Literal
 * addresses are not looked up. All operations that want a name at the same time share one look-up.
 *
 * The system does not tell how long an answer is true. So the addresses of a name are used again
 * for 60 s (resolver_cache_s), by at most 512 names, the latest ones. They are forgotten earlier
 * when none of them could be connected to, or TLS with them failed, so that a service that has
 * moved is found by the next operation. That a name does not exist is believed for 5 s, that the
 * name servers could not tell for 1 s. A change of resolv.conf is seen by the next look-up; to have
 * that now, call interim_client_forget_names.
 *
 * Of several addresses (at most 16 of each family) one is tried after the other by RFC 8305, IPv6
 * and IPv4 in turns, in the order of RFC 6724 that the system gives: the next one after
 * attempt_delay_ms, or at once when one fails; the first that answers is taken, the others are
 * closed. While an answer is used, the address that was taken last comes first the next time, and
 * those that failed come last. connect_ms of interim_patience is the limit for all of it. */

/* Makes a client. options: NULL for the defaults, borrowed until return. On success *out is to be
 * freed by interim_client_free. Errors: EINVAL (an option, or size), EUNSUPPORTED (engine), ETLS (a
 * file of TLS cannot be used: it cannot be read, does not hold what it should, is not opened by
 * key_password, or the key is not that of the certificate), ESYSTEM (out of descriptors: errno
 * tells), ENOMEM; *out is then NULL, and options->error tells more. Since: 0.1. */
INTERIM_API int interim_client_new(interim_client **out, const interim_client_options *options);

/* Frees a client, NULL included. Operations in flight are cancelled: their on_done runs now, with
 * INTERIM_CANCELLED; starting an operation from there fails with INTERIM_EBUSY. Do not call it from
 * a callback. Since: 0.1. */
INTERIM_API void interim_client_free(interim_client *client);

/* Forgets all that names resolved to, and which addresses were good: when the machine has come to
 * another network, a VPN was opened, or a name was set right. Operations that are being looked up
 * or connected go on with what they have. Costs little, and may be called from a callback. Since:
 * 0.1.
 */
INTERIM_API void interim_client_forget_names(interim_client *client);

/* The one descriptor to watch for reading in an event loop of your own: when it is readable, call
 * interim_client_run(client, 0). Timers are behind it too, and so is what was started, cancelled or
 * resumed since the last run. Watch it level-triggered, as loops do unless they are told otherwise;
 * one call may do a part of what is to be done and leave it readable. It belongs to the client: do
 * not close or read it. docs/examples has it in libuv, GLib, libevent and epoll. Errors:
 * EUNSUPPORTED (the poll(2) engine), ESYSTEM (no descriptor left for its timer, which the first
 * call makes: errno tells; call again). Since: 0.1. */
INTERIM_API int interim_client_fd(const interim_client *client);

/* Lets operations go on. timeout_ms: 0 does what can be done at once, a positive number waits at
 * most that long for something to do, -1 waits without limit. All callbacks run in here. Returns
 * the number of operations that are still in flight: 0 says that there is nothing left to wait for
 * (it does not wait then). Errors: EBUSY (called from a callback), ESYSTEM. Since: 0.1. */
INTERIM_API int interim_client_run(interim_client *client, int timeout_ms);

/* Makes interim_client_run return, the one that is waiting or the next one that would, and
 * interim_client_fd readable until then. Nothing else happens. It may be called from any thread and
 * from a signal handler (it writes to a descriptor and leaves errno as it is), also while the
 * client is in use, and is the only function on a client of which that is true; who calls it sees
 * to it that the client is not freed meanwhile. Many calls may end one run only.
 *
 * It is for handing work to the thread that has the client: put the work where that thread finds it
 * (a list of yours, under a lock of yours), wake, and let it look there each time that
 * interim_client_run returns. In a signal handler it closes the gap that EINTR leaves: a signal
 * that comes just before the wait ends it too. With nothing in flight interim_client_run does not
 * wait; poll(2) interim_client_fd to wait for work then. interim_perform does not return for it.
 * Since: 0.1. */
INTERIM_API void interim_client_wake(interim_client *client);

/* ---- The request --------------------------------------------------------------------------- */

/* What to ask, and how patient to be. It can be used many times, also at the same time; while any
 * operation uses it, functions that change it answer INTERIM_EBUSY. */
typedef struct interim_request interim_request;

/* Makes a request. method: an HTTP token of at most 32 bytes, case-sensitive, not CONNECT. url: an
 * absolute http or https URL of at most 16 KiB (RFC 3986); characters that a URL cannot hold must
 * be percent-encoded; a fragment is dropped; user-info is refused, because URLs end up in logs (see
 * interim_request_set_credentials). Both copied. Errors: EMETHOD, EURL (interim_url_problem tells
 * why), ENOMEM; *out is then NULL. Since: 0.1. */
INTERIM_API int interim_request_new(interim_request **out, const char *method, const char *url);

/* Why interim_request_new refuses a URL: one clause such as "the host is empty", or NULL when it
 * would not refuse it. Static. Since: 0.1. */
INTERIM_API const char *interim_url_problem(const char *url);

/* Frees a request, NULL included. Operations in flight keep what they need. Since: 0.1. */
INTERIM_API void interim_request_free(interim_request *request);

/* Adds a field, after those that are there. name: a token; value: visible characters, blanks and
 * bytes from 0x80 on; no CR, LF, NUL. Both copied. Host may be given once, to replace the one that
 * the URL implies. The library writes Content-Length, Transfer-Encoding, Connection, TE, Trailer,
 * Upgrade and Expect itself and refuses them. Errors: EFIELD, EBUSY, ENOMEM. Fields are sent to the
 * origin of the request's URL and to no other. Since: 0.1. */
INTERIM_API int interim_request_add_header(interim_request *request, const char *name,
                                           const char *value);

/* User name and password for the origin of the URL, sent as Basic (RFC 7617) with each request to
 * that origin, polls included. A name must not hold a colon, and neither may hold control
 * characters. Copied; overwritten when the request is freed. NULL as user takes them back. Errors:
 * EINVAL, EBUSY, ENOMEM. Since: 0.1. */
INTERIM_API int interim_request_set_credentials(interim_request *request, const char *user,
                                                const char *password);

/* How to log in. */
typedef enum interim_scheme {
    INTERIM_SCHEME_AUTO = 0, /* what the server asks for: Digest before Bearer before Basic */
    INTERIM_SCHEME_BASIC,    /* Basic, with the first request already */
    INTERIM_SCHEME_DIGEST,   /* Digest, and nothing else */
    INTERIM_SCHEME_BEARER    /* Bearer, with the first request already */
} interim_scheme;

/* A server that wants credentials, as an interim_challenge_fn sees it, and what that answers. */
typedef struct interim_challenge {
    size_t size;
    const char *origin; /* who asks: "https://dav.example:8443"; a proxy always with its port */
    const char *scheme; /* "Digest", "Bearer" or "Basic": the best that can be answered */
    const char *realm;  /* as the server says, any bytes from 0x20 on; "" when it says none */
    int refused;        /* other than 0: credentials were sent, and refused */
    const char *user, *password; /* the answer: both, for Digest and Basic ... */
    const char *token;           /* ... or this, for Bearer; NULL at first. Copied as soon as the
                                    callback has returned: they must not lie on its stack */
    int proxy; /* other than 0: origin is a proxy on the way, and what it gets is for it alone */
} interim_challenge;

/* Called when a server wants credentials and there are none, or when it refused them (a token that
 * expired while a job was polled): once until the server accepts something. Returns 0 with an
 * answer filled in; anything else says that there is none, and the 401 is final. */
typedef int (*interim_challenge_fn)(interim_challenge *challenge, void *user);

/* Credentials for the origin of the request's URL; no other origin gets them or may ask for them.
 * Zero of each field means that it is not there.
 *
 * A 401 says that nothing was done, so a request of any method is sent again with the answer to its
 * challenge: once for each fresh challenge, and again when the server calls the nonce of Digest
 * stale. Not, and the 401 is final, when its body came from a reader that was asked already (see
 * interim_request_set_expect), when a method that changes something was followed by a sign of
 * life, or when the request has a field Authorization of its own.
 *
 * Digest is that of RFC 7616: SHA-256, SHA-512-256, MD5 and their -sess forms, qop auth and (bodies
 * from memory) auth-int. Names and passwords are sent as they are given: UTF-8 is best. */
typedef struct interim_authentication {
    size_t size;
    interim_scheme scheme;
    int clear_text; /* other than 0: with INTERIM_SCHEME_AUTO, Basic and Bearer, which anybody on
                       the way can read, are also answered without TLS. The other schemes are sent
                       as they are named */
    const char *user, *password; /* both or none; no control characters, no colon in a name */
    const char *token;           /* visible ASCII */
    interim_challenge_fn fresh;  /* gives credentials when they are wanted */
    void *fresh_user;            /* for it */
} interim_authentication;
#define INTERIM_AUTHENTICATION_INIT                                                                \
    {                                                                                              \
        sizeof(interim_authentication), INTERIM_SCHEME_AUTO, 0, NULL, NULL, NULL, NULL, NULL       \
    }

/* Sets how to log in, copied; overwritten when the request is freed; NULL takes it back.
 * fresh_user is borrowed until the request is freed and its operations have ended. Replaces what
 * interim_request_set_credentials has set. Errors: EINVAL (out of range, a control character, or
 * nothing to log in with), EBUSY, ENOMEM. Since: 0.1. */
INTERIM_API int interim_request_set_authentication(interim_request *request,
                                                   const interim_authentication *authentication);

/* How the origin of the URL is reached, in place of what its host and port say. The three functions
 * that follow change nothing but the way: the field Host, the name that TLS asks for and verifies,
 * the origin that credentials belong to, and what the event log calls server.address stay those of
 * the URL. They hold for every exchange with that origin (redirects and polls included) and for no
 * other: where a redirect or a monitor leads to another scheme, host or port, that origin is
 * reached as if nothing had been set. Connections that went different ways are never exchanged for
 * one another. */

/* Connects to a Unix-domain socket of the stream kind. path: 1 to 107 bytes, or "@" and the name of
 * an abstract socket (Linux); copied. NULL takes it back. A proxy has no effect then, and neither
 * has a local address. Replaces what interim_request_set_connect_to has set. If nobody listens
 * there the operation ends with INTERIM_ECONNECT, and its text tells what was wrong with the path.
 * Errors: EINVAL (empty or too long), EBUSY, ENOMEM. Since: 0.1. */
INTERIM_API int interim_request_set_unix_socket(interim_request *request, const char *path);

/* Connects to another host: a name or an address, IPv6 with or without brackets and perhaps with a
 * zone ("fe80::1%eth0"); copied. port: 1 to 65535, 0 for that of the URL. NULL as host takes it
 * back. With a proxy, that proxy is asked to connect there, an HTTP proxy by CONNECT even for a
 * plain URL. Replaces what interim_request_set_unix_socket has set. Errors: EINVAL (host is empty
 * or cannot stand in a URL, or port is out of its range), EBUSY, ENOMEM. Since: 0.1. */
INTERIM_API int interim_request_set_connect_to(interim_request *request, const char *host,
                                               int port);

/* Connects from a certain place of this machine, also to a proxy. address: a literal IPv4 or IPv6
 * address of it (perhaps with a zone), which decides the family too, or the name of an interface
 * ("eth0", by SO_BINDTODEVICE; before Linux 5.7 that takes CAP_NET_RAW); copied. NULL takes it
 * back. If it turns out not to be there, the operation ends with INTERIM_ESYSTEM; if the other side
 * has no address of the family, with INTERIM_ECONNECT. Errors: EINVAL (neither an address nor fit
 * for the name of an interface), EBUSY, ENOMEM. Since: 0.1. */
INTERIM_API int interim_request_set_local_address(interim_request *request, const char *address);

/* The body, from memory: size bytes at data, copied. Errors: EBUSY, ENOMEM. Since: 0.1. */
INTERIM_API int interim_request_set_body(interim_request *request, const void *data, size_t size);

/* Fills buffer with up to size bytes of the body. Returns how many, 0 at the end, negative when it
 * cannot: the operation ends with INTERIM_ECALLBACK. */
typedef ptrdiff_t (*interim_body_reader_fn)(void *buffer, size_t size, void *user);

/* The body, from a callback. length: how many bytes it will give, or -1 when that is not known
 * (sent chunked). The reader is called from interim_perform and interim_client_run as the
 * connection takes bytes. A body from a reader cannot be read twice, so a redirect that would need
 * it again is not followed. Errors: EINVAL, EBUSY. Since: 0.1. */
INTERIM_API int interim_request_set_body_reader(interim_request *request,
                                                interim_body_reader_fn reader, int64_t length,
                                                void *user);

typedef enum interim_expect {
    INTERIM_EXPECT_AUTO = 0, /* for bodies over 1 MiB or of unknown length */
    INTERIM_EXPECT_ALWAYS,   /* for every body */
    INTERIM_EXPECT_NEVER
} interim_expect;

/* Whether the server is asked before a body is sent (Expect: 100-continue, RFC 9110
 * section 10.1.1), so that a refusal costs no upload. The body goes out at 100, at 104, or when
 * continue_ms have passed; not at all when the final response comes first, and then the connection
 * is not used again. After 417 the request is sent once more without the field. Errors: EINVAL,
 * EBUSY. Since: 0.1. */
INTERIM_API int interim_request_set_expect(interim_request *request, interim_expect expect);

/* on other than 0: asks for the content codings gzip and deflate and undoes them (RFC 9110
 * section 8.4), so that the body is the content; else the body is as the server sends it, and
 * nothing is asked for. Content-Encoding and Content-Length of the result stay as the server sent
 * them. max_bytes: how large the content may become, 0 for no limit. More than that, more than five
 * codings, more than 1,100 times the size of what came, or a coding that is cut short ends the
 * operation with INTERIM_ECODING. Errors: EBUSY. Since: 0.1. */
INTERIM_API int interim_request_set_decoding(interim_request *request, int on, uint64_t max_bytes);

/* The body, from a regular file: length bytes from offset on, -1 for all that follow. The
 * descriptor is borrowed until the request is freed and its operations have ended; its position is
 * neither used nor moved, so that several operations can send it at once. Without TLS the system
 * moves the bytes by itself (sendfile). What is written to the file meanwhile may be sent or not;
 * if it becomes shorter, the operation ends with INTERIM_ECALLBACK. Errors: EINVAL (no regular
 * file, or out of its range), ESYSTEM (errno tells), EBUSY. Since: 0.1. */
INTERIM_API int interim_request_set_body_fd(interim_request *request, int fd, int64_t offset,
                                            int64_t length);

/* How long to wait for what, in milliseconds. Zero means the default. Each limit ends the operation
 * with its own error. Memory does not grow with the time that an operation takes. */
typedef struct interim_patience {
    size_t size;
    int64_t connect_ms; /* resolving, connecting, TLS, over all addresses: 10,000.
                           ECONNECT_TIMEOUT */
    int64_t head_ms;    /* from the first byte of a head to its end: 30,000. One byte a second is
                           an attack, not a sign of life. EHEAD_TIMEOUT */
    int64_t silence_ms; /* since the last complete sign of life, or the last part of a body:
                           300,000. Raise it for a server that sends neither 102 nor 202.
                           ESILENCE */
    int64_t
        gap_warning_ms;  /* silence that is reported by an event: 30,000; INTERIM_FOREVER: never */
    int64_t total_ms;    /* the whole operation: none. ETOTAL */
    int64_t continue_ms; /* how long a body waits for 100 Continue before it is sent all the same:
                            1,000 */
    uint32_t interim_rate;  /* interims a second that are too many: 100 ... */
    uint32_t interim_burst; /* ... once this many came faster: 16,384. EFLOOD. Markers are counted
                               in the same way */
    int64_t stall_ms; /* markers come, but the bytes that they tell of are not more than before:
                         600,000; INTERIM_FOREVER: never. Raise it for copies that queue for long,
                         say for a tape. ESTALLED */
} interim_patience;
#define INTERIM_PATIENCE_INIT                                                                      \
    {                                                                                              \
        sizeof(interim_patience), 0, 0, 0, 0, 0, 0, 0, 0, 0                                        \
    }

/* Sets the patience, copied. Errors: EINVAL (a limit is negative or over 366 days), EBUSY. Since:
 * 0.1. */
INTERIM_API int interim_request_set_patience(interim_request *request,
                                             const interim_patience *patience);

/* A third-party copy (WLCG HTTP-TPC): the server that gets the COPY fetches the content from
 * another server (pull), or sends it there (push). Zero of each field means its default; strings
 * are copied, and overwritten when the request is freed.
 *
 *     interim_request_new(&request, "COPY", "https://b.example/file");
 *     interim_third_party copy = INTERIM_THIRD_PARTY_INIT;
 *     copy.source = "https://a.example/file";
 *     copy.authorization = "Bearer ...";
 *     interim_request_set_third_party(request, &copy); */
typedef struct interim_third_party {
    size_t size;
    const char *source;        /* pull: from where the server of the request's URL fetches it */
    const char *destination;   /* push: to where it sends it. One of both, an absolute URL */
    const char *authorization; /* what the other server is to get as Authorization
                                  (TransferHeaderAuthorization): nothing */
    const char *credential;    /* the field Credential: "none", nothing is delegated; "" leaves the
                                  field out */
    const char *want_repr_digest; /* asks for the digest of what was copied (RFC 9530), say
                                     "adler=10": nothing. It comes in the trailer Repr-Digest or
                                     Digest, see interim_result_trailers; TE: trailers is sent */
    const char *trusted; /* hosts on other origins to which a redirect may take this request with
                            all its fields, credentials among them: none. A list as no_proxy */
    int overwrite;       /* other than 0: Overwrite: T. 0: F */
    int verify;          /* RequireChecksumVerification: 1 true, -1 false, 0 leaves it out */
    unsigned streams;    /* X-Number-Of-Streams, up to 1000; 0 leaves it out */
    int64_t total_bytes; /* size of the source, if it is known: markers have a percentage then */
} interim_third_party;
#define INTERIM_THIRD_PARTY_INIT                                                                   \
    {                                                                                              \
        sizeof(interim_third_party), NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0                \
    }

/* Makes a COPY a third-party copy: adds its fields. Everything else that the other server is to get
 * is a field of the caller's whose name begins with TransferHeader; SciTag and the like are too
 * (interim_request_add_header). May be called once for a request.
 *
 * The answer is 201 or 202 before the work begins, and its body tells of it, line by line: each
 * complete marker is an INTERIM_EVENT_MARKER (done: the bytes of all stripes; text: its time and
 * state) that on_interim gets too, and the last line tells the outcome: "success..." is
 * INTERIM_DONE, "failure...", "failed..." and "aborted..." are INTERIM_FAILED, and its end without
 * any of these is INTERIM_UNKNOWN with INTERIM_EMARKERS. interim_result_reason has the line. Such a
 * body is never polled; it is given to interim_request_on_body, or its last 64 KiB are kept. Only
 * complete markers end a silence, and patience has stall_ms. A COPY with a field Source or a
 * Destination on another origin is followed in the same way without this call.
 *
 * When the operation ends before the server says so (cancel, a limit), the connection is closed:
 * most servers stop the copy then, and some leave a part of it behind.
 *
 * Redirects. The fields, TransferHeaderAuthorization and an Authorization of the caller's among
 * them, go to no other origin than that of the request. Storages send a COPY on from a head node to
 * a disk node, by 301, 302, 307 or 308: that is followed on the same origin, and to the hosts of
 * trusted, with all fields of the caller; what interim_request_set_authentication was given, and
 * the client certificate, stay with the first origin. Else the redirect is the final response.
 *
 * Errors: EINVAL (the method is not COPY; both or none of source and destination; a number out of
 * its range; called twice, or with Source or Destination set as fields), EURL, EFIELD (a string
 * cannot be sent), EBUSY, ENOMEM. Nothing has changed then. RFC 4918 section 9.8. Since: 0.1. */
INTERIM_API int interim_request_set_third_party(interim_request *request,
                                                const interim_third_party *third_party);

typedef enum interim_poll_mode {
    INTERIM_POLL_STANDARD = 0, /* follow a 202, except where it is known not to name a monitor */
    INTERIM_POLL_STRICT,       /* the same, by status codes alone: bodies are not looked at */
    INTERIM_POLL_OFF           /* a 202 is the final response */
} interim_poll_mode;

typedef enum interim_cross_origin {
    INTERIM_CROSS_ORIGIN_STRIP = 0, /* ask it, without credentials and custom fields */
    INTERIM_CROSS_ORIGIN_REJECT     /* do not ask it */
} interim_cross_origin;

/* Ways of answering that are followed only if the caller says so, because the same signs mean
 * something else elsewhere; and what the request is to say of itself. docs/polling.md tells which
 * service needs which. */
typedef enum interim_poll_flag {
    /* GET and HEAD: a 202 without a URL means "ask again here". With Retry-After that is understood
     * without this flag. */
    INTERIM_POLL_SAME_URL = 1 << 0,
    /* A 201 with Location and a status document that says that the work is going on (OGC API
     * Processes, resources that are "provisioning"). */
    INTERIM_POLL_CREATED = 1 << 1,
    /* The member link_member of the body of a 202 is the URL of the monitor (Yandex Disk: href). */
    INTERIM_POLL_LINK = 1 << 2,
    /* A finished monitor's body of type application/http is the response (OData). */
    INTERIM_POLL_EMBEDDED = 1 << 3,
    /* A 202 with x-ms-copy-status: ask the request's own URL by HEAD until it is not "pending"
     * (Azure Storage). */
    INTERIM_POLL_TARGET = 1 << 4,
    /* The Location of a 102 is a monitor to ask when the connection is lost, or a stream of markers
     * ends without a verdict (draft-wright-http-progress). What had come of the answer's body is
     * forgotten; interim_body_fn has had it, before the event INTERIM_EVENT_ACCEPTED. */
    INTERIM_POLL_INTERIM = 1 << 5,
    /* Send "Prefer: respond-async", with wait=wait_s if that is not 0 (RFC 7240). */
    INTERIM_POLL_PREFER_ASYNC = 1 << 6,
    /* Send "Prefer: processing", also with polls (draft-wright-http-progress). */
    INTERIM_POLL_PREFER_PROCESSING = 1 << 7
} interim_poll_flag;

/* How a 202 is followed. Zero means the default.
 *
 * INTERIM_AT_ONCE is for servers near by whose jobs take as long as a request does. So that a
 * server that always says 0 does not keep the two busy for ever, it holds for the first 100 polls
 * of an operation; from then on it means 250 ms, or max_ms if that is less. polls_at_once of the
 * client holds as ever, and between two polls of one operation others have their turn. */
typedef struct interim_polling {
    size_t size;
    interim_poll_mode mode;
    interim_cross_origin cross_origin; /* a monitor on another origin */
    int64_t deadline_ms; /* from the 202 until the job must have ended: 24 h. EPOLL_DEADLINE */
    int64_t first_ms;    /* before the first poll when the server does not say: 1,000;
                            INTERIM_AT_ONCE: no wait. Later polls back off from it (1 then), up to
                            30 s, and start again on progress */
    int64_t min_ms;      /* what the server's Retry-After is clamped to: 250; INTERIM_AT_ONCE: none,
                            so that a Retry-After of 0 or of a time that has passed is no wait ... */
    int64_t max_ms;      /* ... 600,000 */
    int64_t outage_ms;   /* how long the monitor may be out of reach (refused, reset, 408, 425, 429,
                            502 ... 504): 300,000, and ten polls; 1,800,000 for Redfish, whose
                            controllers restart. EPOLL_UNREACHABLE */
    unsigned flags;      /* INTERIM_POLL_SAME_URL ...: none */
    int64_t wait_s;      /* how long the server may try to answer at once, 0 ... 86,400 s: not said.
                            A field Prefer of the caller's own goes before all of this */
    const char *link_member; /* for INTERIM_POLL_LINK, 1 ... 63 bytes: "href" */
} interim_polling;
#define INTERIM_POLLING_INIT                                                                       \
    {                                                                                              \
        sizeof(interim_polling), INTERIM_POLL_STANDARD, INTERIM_CROSS_ORIGIN_STRIP, 0, 0, 0, 0, 0, \
            0, 0, 0                                                                                \
    }

/* Sets the polling, copied. Errors: EINVAL (out of range, or min_ms over max_ms), EBUSY. Since:
 * 0.1.
 */
INTERIM_API int interim_request_set_polling(interim_request *request,
                                            const interim_polling *polling);

/* A response that is not the final one, for looking at. Read-only. */
typedef struct interim_message {
    size_t size;
    int status;
    const char *url; /* user-info and monitor query blanked */
    const interim_field *fields;
    size_t field_count;
    const char *body; /* up to 64 KiB of it, with a NUL behind that body_size does not count */
    size_t body_size;
} interim_message;

/* What the caller makes of an answer of a monitor. */
typedef enum interim_poll_verdict {
    INTERIM_POLL_VERDICT_DEFAULT = 0, /* the library is to judge it */
    INTERIM_POLL_VERDICT_RUNNING,
    INTERIM_POLL_VERDICT_DONE,  /* this answer is the final response */
    INTERIM_POLL_VERDICT_FAILED /* the same */
} interim_poll_verdict;

/* Judges an answer of a monitor, whatever its status; it is borrowed until return. */
typedef interim_poll_verdict (*interim_poll_fn)(const interim_message *answer, void *user);

/* Lets fn judge the answers of monitors before the library does, for a service that speaks no
 * dialect of docs/polling.md; NULL takes it back. A 202 must still name its monitor. user is
 * borrowed until the request is freed and its operations have ended. Errors: EBUSY. Since: 0.1. */
INTERIM_API int interim_request_on_poll(interim_request *request, interim_poll_fn fn, void *user);

/* Gets the resume token of a job that a server accepted: text that ends with NUL, borrowed until
 * return; see interim_resume_new. Returns 0 to go on; any other value cancels the operation (local:
 * the job is not touched). */
typedef int (*interim_accepted_fn)(const char *token, void *user);

/* Calls fn with the token of a job when it begins, before its monitor is asked for the first time
 * and before the event INTERIM_EVENT_ACCEPTED; and again when there is a token that should replace
 * it (the monitor moved or, with Redfish, gave way to a Task; or it answered for the first time).
 * To be able to go on after a crash, write it to disk in there, and have it there (fsync) before
 * you return: nothing else is done meanwhile. NULL takes it back. user is borrowed until the
 * request is freed and its operations have ended. Errors: EBUSY. Since: 0.1. */
INTERIM_API int interim_request_on_accepted(interim_request *request, interim_accepted_fn fn,
                                            void *user);

/* How an upload resumes. Zero means the default. */
typedef struct interim_upload_resumption {
    size_t size;
    int careful; /* other than 0: the upload begins with an empty request, which tells where to send
                    the body. Only for a server that is known to resume uploads: any other takes
                    the empty request for the whole body. Not set: the body goes out at once */
    int other_origins; /* other than 0: the upload resource may be on another origin, which gets the
                          rest of the body, and no credentials or fields of the caller. Not set: it
                          is not used then */
    uint32_t attempts; /* how often in a row it is tried while the server gets not one byte more: 10
                          times ... */
    int64_t
        outage_ms;    /* ... and for so long: 300,000. Both must have passed. EUPLOAD_UNREACHABLE */
    int64_t first_ms; /* before the first attempt when the server does not say: 1,000 to twice
                         that. Later ones back off from it, up to 30 s */
} interim_upload_resumption;
#define INTERIM_UPLOAD_RESUMPTION_INIT                                                             \
    {                                                                                              \
        sizeof(interim_upload_resumption), 0, 0, 0, 0, 0                                           \
    }

/* Lets an upload go on where it was cut off, instead of ending as INTERIM_UNKNOWN
 * (draft-ietf-httpbis-resumable-upload, interop version 9, which is that of drafts -12 and later;
 * servers of another version ignore it). For PUT, POST and PATCH with a body of known length from
 * memory or a file descriptor; nothing changes for other methods and bodies, nor when the request
 * has Upload fields of its own. resumption: copied; NULL takes it back, which is the default,
 * because it adds fields to the request.
 *
 * When a 104 has named an upload resource and the connection is lost, a limit of time for it
 * passes, or the server answers 5xx or 413, the server is asked how much it has (HEAD), and gets
 * the rest from there (PATCH), in as many parts as it wants. What answers that is the final
 * response of the operation. No byte that the server has confirmed is sent again, and the request
 * itself never is. Upload-Offset in 104s gives done, total and percent of events, which never go
 * back. An upload that is given up or cancelled is left to the server: it is never deleted.
 *
 * Errors of such an operation: EUPLOAD_GONE, EUPLOAD_LIMIT (outcome INTERIM_FAILED when the server
 * cannot have got all of the body: start again if you want; else INTERIM_UNKNOWN),
 * EUPLOAD_UNREACHABLE, EUPLOAD_OFFSET, EUPLOAD_RULES, EUPLOAD_LOST (INTERIM_UNKNOWN: look what is
 * there). Errors: EINVAL (out of range), EBUSY. Since: 0.1. */
INTERIM_API int interim_request_set_upload_resumption(interim_request *request,
                                                      const interim_upload_resumption *resumption);

/* Calls fn at every sign of life: each 1xx, each answer of a monitor, each marker, live. user is
 * borrowed until the request is freed and its operations have ended. Errors: EBUSY. Since: 0.1. */
INTERIM_API int interim_request_on_interim(interim_request *request, interim_event_fn fn,
                                           void *user);

/* Calls fn at everything that happens, signs of life included, for logs and displays. user as
 * above. Errors: EBUSY. Since: 0.1. */
INTERIM_API int interim_request_on_event(interim_request *request, interim_event_fn fn, void *user);

/* A part of the final body, as it arrives; data is borrowed until return. Its status is that of
 * interim_operation_status. Returns 0 to go on, INTERIM_PAUSE to be given nothing more until
 * interim_operation_resume, or a negative value to cancel the operation. Nothing is read from the
 * connection until it returns, nor while it is paused: the server feels that. While paused only the
 * total limit applies. */
#define INTERIM_PAUSE 1
typedef int (*interim_body_fn)(const void *data, size_t size, void *user);

/* Streams the body of the final response to fn instead of keeping it in the result. Errors: EBUSY.
 * Since: 0.1. */
INTERIM_API int interim_request_on_body(interim_request *request, interim_body_fn fn, void *user);

/* Writes the body of the final response to a descriptor, borrowed as long as the request's
 * operations last; -1 takes that back. A slow descriptor holds up all operations of the client, so
 * it is best a file. If it cannot be written, the operation ends with INTERIM_ESYSTEM. SIGPIPE is
 * not raised. Errors: EBUSY. Since: 0.1. */
INTERIM_API int interim_request_set_output_fd(interim_request *request, int fd);

/* ---- Going on in another process ----------------------------------------------------------- */

/* Makes a request that goes on waiting for a job which another operation, perhaps of a process that
 * has ended, was told of: token is what that one gave (interim_request_on_accepted,
 * interim_operation_token), borrowed until return. interim_perform and interim_start ask the
 * monitor and send nothing else; the first event after INTERIM_EVENT_START is
 * INTERIM_EVENT_ACCEPTED, whose text ends with "resumed". Outcomes are those that the first
 * operation would have had; only that, without the 202, interim_result_accepted is NULL, and a URL
 * that turns out to be no monitor is INTERIM_ACCEPTED with the status that it answered.
 *
 * A token holds the method and URL of the first request, the dialect, the monitor's URL and those
 * of the Task and the result, when to ask next and when to stop waiting, and how to poll. It holds
 * no credentials, no fields and no limits of time, so set on the new request what was set on the
 * first one: credentials, fields (those about the first request are not sent with polls), patience,
 * the way, callbacks. Polling is as it was: mode, cross_origin and the flags that concern polls;
 * interim_request_set_polling replaces all of it, except that without a deadline_ms what is left of
 * the first deadline counts. Mode INTERIM_POLL_OFF is EINVAL there, and so is INTERIM_POLL_STRICT
 * for a dialect that tells by bodies alone. Any number of processes may wait for one job.
 *
 * A monitor's URL is often all that it takes to read or stop a job (SharePoint's tempauth, an
 * Azure SAS): keep tokens as you keep passwords. Events and logs never hold one.
 *
 * The text may come from anybody and is checked: it is at most 66,560 bytes, of a version that is
 * known, undamaged (a checksum, no signature), of a known dialect, with http and https URLs without
 * user-info that do not leave https, and in every byte as this library would write it. What is
 * right in this sense still decides which server is asked: where somebody else can write tokens,
 * compare interim_request_url with what you expect before you set credentials.
 *
 * error: NULL, or gets the code and what is wrong in words; set its size before. On success *out is
 * to be freed by interim_request_free. Errors: ETOKEN, EINVAL (token is NULL), ENOMEM; *out is then
 * NULL. docs/polling.md tells the format. Since: 0.1. */
INTERIM_API int interim_resume_new(interim_request **out, const char *token, interim_error *error);

/* Method and URL of a request: for one that interim_resume_new made, those of the first request, to
 * whose origin credentials go. Borrowed until interim_request_free. Since: 0.1. */
INTERIM_API const char *interim_request_method(const interim_request *request);
INTERIM_API const char *interim_request_url(const interim_request *request);

/* ---- The operation ------------------------------------------------------------------------- */

typedef struct interim_result interim_result;

/* Performs a request and waits for its outcome, however many exchanges that takes. Operations of
 * the client that were started before go on meanwhile, and their callbacks run.
 *
 * *out is transferred (interim_result_free). It is NULL only if the call was misused or memory ran
 * out at once. Returns 0 when the server gave a final response, whatever it was: look at
 * interim_result_outcome and interim_result_status. Else the code of interim_result_error, and *out
 * tells what is known. After any INTERIM_UNKNOWN outcome, find out by a safe request (HEAD,
 * PROPFIND) whether the work was done; do not just ask again. Since: 0.1. */
INTERIM_API int interim_perform(interim_result **out, interim_client *client,
                                interim_request *request);

/* An operation in flight. It is the library's, and valid until on_done returns. */
typedef struct interim_operation interim_operation;

/* Called exactly once for each operation that was started; result is transferred. */
typedef void (*interim_done_fn)(interim_operation *operation, interim_result *result, void *user);

/* Starts an operation and returns. Everything else happens in interim_client_run. out may be NULL.
 * The request may be freed at once. If this fails, on_done will not be called. Errors: EINVAL,
 * EBUSY (the client is being freed), ENOMEM. user is borrowed until on_done returned. Since: 0.1.
 */
INTERIM_API int interim_start(interim_operation **out, interim_client *client,
                              interim_request *request, interim_done_fn on_done, void *user);

/* Stops waiting; nothing is sent to the server, and a job that it accepted goes on. on_done follows
 * from interim_client_run, never from in here. May be called from any callback, and twice. Since:
 * 0.1. */
INTERIM_API void interim_operation_cancel(interim_operation *operation);

/* Asks the server, once, to stop the job of a 202 that is being followed: DELETE of its monitor.
 * Nothing but this call does that, and waiting goes on until the job has ended: INTERIM_CANCELLED
 * when the server stopped it, INTERIM_DONE when that came too late, and whatever else happens. If
 * the server refuses, waiting goes on likewise; events of the hop INTERIM_HOP_CANCEL tell. To stop
 * waiting as well, call interim_operation_cancel after that.
 *
 * Returns 0 when it will be asked, from interim_client_run; INTERIM_EUNSUPPORTED when there is no
 * job, or nothing says that DELETE means this to its server: it does for FHIR, OGC API Processes,
 * LXD, and wherever Allow lists DELETE, as Redfish has it. Elsewhere it may delete the record of a
 * job, or what the job made. May be called from any callback, and twice. Since: 0.1. */
INTERIM_API int interim_operation_cancel_job(interim_operation *operation);

/* Goes on with the body after INTERIM_PAUSE; nothing happens if it is not paused. The body follows
 * from interim_client_run, never from in here. May be called from any callback. An operation of
 * interim_perform can be resumed only from a callback of another one. Since: 0.1. */
INTERIM_API void interim_operation_resume(interim_operation *operation);

/* The last status that was seen, interim or final, of any of its exchanges; 0 when none yet. Since:
 * 0.1. */
INTERIM_API int interim_operation_status(const interim_operation *operation);

/* 1 while the operation waits in line for a connection, because a limit of the client is reached
 * (interim_client_options, Limits); else 0. Since: 0.1. */
INTERIM_API int interim_operation_is_queued(const interim_operation *operation);

/* Milliseconds since the last sign of life, or since the request was sent; 0 before that. Since:
 * 0.1.
 */
INTERIM_API int64_t interim_operation_silence_ms(const interim_operation *operation);

/* The resume token of the job that the operation follows, as of now, with NUL, to out if size
 * suffices (66,561 always do). May be called from any callback, also from on_done, where it is of
 * use unless the job has ended. Returns its length without NUL (size was too small if that is not
 * less than size; nothing was written then), 0 when no job was accepted (nothing was written),
 * EINVAL (out is NULL and size is not 0) or ENOMEM. Since: 0.1. */
INTERIM_API int interim_operation_token(const interim_operation *operation, char *out, size_t size);

/* ---- The result ---------------------------------------------------------------------------- */

/* Where the time went, in milliseconds since the operation began; -1 when it did not come to that.
 */
typedef struct interim_timing {
    size_t size;
    int64_t connected_ms;       /* the first connection was ready */
    int64_t sent_ms;            /* the request was written completely */
    int64_t first_interim_ms;   /* the first interim had been read */
    int64_t accepted_ms;        /* the 202 had been read */
    int64_t response_ms;        /* the head of the final response had been read */
    int64_t end_ms;             /* the outcome was known */
    int64_t longest_silence_ms; /* between two signs of life, or at an end */
    uint32_t interim_count;     /* interims of all exchanges */
    uint32_t poll_count;        /* polls that were answered */
    uint32_t retry_count;       /* safe requests that were asked again */
    uint32_t marker_count;      /* markers that came complete */
} interim_timing;

/* What follows is read-only and borrowed until interim_result_free. */

INTERIM_API interim_outcome interim_result_outcome(const interim_result *result);

/* The status of the final response, or of the last message that was seen; 0 when there was none. A
 * job that a monitor reported as finished has the status of the monitor's last answer. Since: 0.1.
 */
INTERIM_API int interim_result_status(const interim_result *result);

/* One clause that tells why the outcome is what it is, fit to be printed: "the server answered 201
 * Created". Since: 0.1. */
INTERIM_API const char *interim_result_reason(const interim_result *result);

/* The URL that gave the final response, user-info and monitor query blanked. Since: 0.1. */
INTERIM_API const char *interim_result_url(const interim_result *result);

/* The first failure; its code is 0 when there was none. Since: 0.1. */
INTERIM_API const interim_error *interim_result_error(const interim_result *result);

/* The value of the field that is called name, compared without case, in the final response; NULL
 * when there is none. Values of repeated fields are not joined: the first is returned. Since: 0.1.
 */
INTERIM_API const char *interim_result_header(const interim_result *result, const char *name);

/* All fields of the final response, and its trailers (RFC 9110 section 6.5), which are never mixed
 * with them. *count tells how many. Since: 0.1. */
INTERIM_API const interim_field *interim_result_headers(const interim_result *result,
                                                        size_t *count);
INTERIM_API const interim_field *interim_result_trailers(const interim_result *result,
                                                         size_t *count);

/* The 202 (or 201, or 200) that began a job, and the last answer of its monitor, borrowed until
 * interim_result_free; NULL when there was none, or no memory to keep it: look at the outcome and
 * the reason of the result then. When the monitor's last answer is the final response, its body is
 * that of the result, and it may be made when it is asked for. Since: 0.1. */
INTERIM_API const interim_message *interim_result_accepted(const interim_result *result);
INTERIM_API const interim_message *interim_result_monitor(const interim_result *result);

/* Problem details (RFC 9457): why the server did not do it, in its own words. The strings are as it
 * sent them, UTF-8 with any control characters: neutralise them before they reach a terminal. */
typedef struct interim_problem {
    size_t size;
    const char *type;   /* URI of the kind of problem; "about:blank" when the server does not say */
    const char *title;  /* what kind that is, "" when absent */
    int status;         /* which the server says it answered with, 0 when absent; in a result, the
                           status of the response itself counts */
    const char *detail; /* what went wrong this time, "" when absent */
    const char *instance; /* URI of this occurrence, "" when absent */
} interim_problem;

/* The problem details of the final response, or else of the last answer of the monitor: of one with
 * Content-Type application/problem+json whose body is a JSON object of at most 64 KiB, also when
 * the body was streamed. NULL when there are none (or there was no memory for them). A reason of
 * interim_result_reason quotes title and detail already. Since: 0.1. */
INTERIM_API const interim_problem *interim_result_problem(const interim_result *result);

/* The body that was kept, with a NUL behind it that *size does not count; "" and 0 when it was
 * streamed or empty. size may be NULL. Since: 0.1. */
INTERIM_API const void *interim_result_body(const interim_result *result, size_t *size);

/* How many interims came in all, and the last of them (at most 64 are kept): i counts from 0, the
 * oldest that is kept. NULL when there is no such one, or no memory to show it. Since: 0.1. */
INTERIM_API size_t interim_result_interim_count(const interim_result *result);
INTERIM_API const interim_event *interim_result_interim(const interim_result *result, size_t i);

INTERIM_API const interim_timing *interim_result_timing(const interim_result *result);

/* Frees a result, NULL included. Since: 0.1. */
INTERIM_API void interim_result_free(interim_result *result);

/* ---- Multi-Status -------------------------------------------------------------------------- */

/* A member of a 207 Multi-Status body (RFC 4918 section 13), with what it says of the live
 * properties of section 15. Strings are never NULL and borrowed until the callback returns; text of
 * more than 4096 bytes is cut off. */
typedef struct interim_member {
    size_t size;
    const char *href;        /* as sent, blanks trimmed; "" when there is none, and for those after
                                the 256th of one response */
    int status;              /* its own, or the worst of its propstats (404 only if there is no
                                other); 0 when it cannot be read */
    const char *description; /* responsedescription */
    int collection;          /* other than 0: its resource type says so */
    int locked;              /* other than 0: lockdiscovery has an active lock */
    int64_t length;          /* getcontentlength; -1 when it is not said or no length */
    int64_t modified_s;      /* getlastmodified, seconds since 1970; -1 when it is not said */
    int64_t created_s;       /* creationdate, likewise */
    const char *etag;        /* getetag */
} interim_member;

/* Returns 0 to go on; anything else ends the reading (INTERIM_ECANCELLED). */
typedef int (*interim_member_fn)(const interim_member *member, void *user);

/* Reads a Multi-Status body as it arrives, in constant memory. */
typedef struct interim_multistatus interim_multistatus;

/* Makes a reader. naked other than 0: the body may be DAV:response elements without the
 * DAV:multistatus around them, as lighttpd sends with a 200. on_member is called for each member,
 * from interim_multistatus_feed and _end; user is borrowed until the reader is freed. Errors:
 * EINVAL (no on_member), ENOMEM; *out is then NULL. Since: 0.1. */
INTERIM_API int interim_multistatus_new(interim_multistatus **out, int naked,
                                        interim_member_fn on_member, void *user);

/* Reads size bytes more, borrowed until return. Returns 0, or what is wrong with the body, and then
 * that again on every call: EMULTISTATUS (not well-formed, another document, a member without a
 * status, more than 64 MiB, nested deeper than 64; a DOCTYPE, and with it every entity, is
 * refused), ECANCELLED (on_member said so), ENOMEM. It can be returned from an interim_body_fn as
 * it is. Since: 0.1. */
INTERIM_API int interim_multistatus_feed(interim_multistatus *reader, const void *data,
                                         size_t size);

/* Ends the body. Returns as interim_multistatus_feed. Since: 0.1. */
INTERIM_API int interim_multistatus_end(interim_multistatus *reader);

/* What is wrong with the body, one clause fit to be printed; "" when nothing is. Borrowed until the
 * reader is freed. Since: 0.1. */
INTERIM_API const char *interim_multistatus_problem(const interim_multistatus *reader);

/* Frees a reader, NULL included. Since: 0.1. */
INTERIM_API void interim_multistatus_free(interim_multistatus *reader);

/* ---- After a loss -------------------------------------------------------------------------- */

/* When the outcome of a COPY, MOVE, PUT, DELETE or MKCOL is INTERIM_UNKNOWN, a *settling* finds out
 * what became of the work. It only looks, by PROPFIND of depth 0 and 1, and by HEAD where the
 * server does not answer PROPFIND; the request itself is never sent again. A *look* sees both
 * *places* of the work, source and destination, with the members of collections; looks are repeated
 * until nothing changes any more, or until a deadline.
 *
 * How much can be known depends on what was there before. So look before the request is sent:
 *
 *     interim_settle_options look = INTERIM_SETTLE_OPTIONS_INIT, options = look;
 *     look.only_look = 1;
 *     interim_settle(&before, client, request, &look);
 *     interim_perform(&result, client, request);
 *     if (interim_result_outcome(result) == INTERIM_UNKNOWN) {
 *         options.before = before;
 *         interim_settle(&now, client, request, &options);
 *         printf("%s (%s): %s\n", interim_finding_name(interim_settlement_finding(now)),
 *                interim_certainty_name(interim_settlement_certainty(now)),
 *                interim_settlement_reason(now));
 *     }
 *
 * Times that the server tells are compared with times that it told, never with a clock of this
 * machine. */
typedef enum interim_finding {
    INTERIM_FOUND_UNCLEAR = 0, /* it cannot be told */
    INTERIM_FOUND_DONE,        /* the work was done */
    INTERIM_FOUND_RUNNING,     /* it is going on */
    INTERIM_FOUND_PARTLY,      /* something was done, not all, and nothing changes any more */
    INTERIM_FOUND_NEVER        /* it never happened */
} interim_finding;

typedef enum interim_certainty {
    INTERIM_CERTAINTY_NONE = 0, /* with INTERIM_FOUND_UNCLEAR, and only then */
    INTERIM_LIKELY,             /* all signs say so; another explanation is left */
    INTERIM_CERTAIN /* what was seen allows no other, unless somebody else did the same */
} interim_certainty;

INTERIM_API const char *interim_finding_name(interim_finding finding); /* "done", "running", ... */
INTERIM_API const char *interim_certainty_name(interim_certainty certainty); /* "likely", ... */

typedef enum interim_sight {
    INTERIM_SIGHT_NONE = 0,   /* it was not looked at */
    INTERIM_SIGHT_ABSENT,     /* 404 or 410 */
    INTERIM_SIGHT_SOMETHING,  /* it exists, of whatever type: HEAD says so */
    INTERIM_SIGHT_FILE,       /* it exists and is no collection: WebDAV says so */
    INTERIM_SIGHT_COLLECTION, /* it exists and is a collection: WebDAV says so */
    INTERIM_SIGHT_UNCLEAR,    /* the server answered, but not this question: see status and text */
    INTERIM_SIGHT_NO_ANSWER   /* no usable answer: see code and text */
} interim_sight;

/* What a look saw of one place. Numbers are -1 where the server does not tell. */
typedef struct interim_place {
    size_t size;
    interim_sight sight;
    int status;             /* of the last answer about it, 0 when there was none */
    int code;               /* INTERIM_SIGHT_NO_ANSWER: an INTERIM_E* */
    int locked;             /* other than 0: an active lock, or 423 */
    int64_t length;         /* bytes */
    int64_t modified_s;     /* Last-Modified, seconds since 1970 by the server's clock */
    int64_t created_s;      /* creationdate, likewise */
    int64_t date_s;         /* Date of that answer, likewise */
    int64_t member_count;   /* of a collection whose members were counted, at all depths */
    int64_t member_bytes;   /* sum of their lengths */
    int complete;           /* other than 0: no member was left out */
    uint64_t member_digest; /* of names, types and lengths: equal for equal trees */
    char etag[128];         /* "" when not told, or longer */
    char url[1024];         /* where redirects led to, as far as it fits */
    char text[160];         /* what was wrong, "" for nothing */
} interim_place;

/* What a settling found; and what a look saw. */
typedef struct interim_settlement interim_settlement;

/* Zero of each field means its default. */
typedef struct interim_settle_options {
    size_t size;
    int only_look; /* other than 0: looks once, does not count members and judges nothing (the
                      finding is UNCLEAR): what is to be given as before */
    const interim_settlement *before; /* such a look, made before the request was sent: there was
                                         none. Borrowed until return */
    const char *destination; /* URL to look at instead of that of the field Destination, for
                                requests with a Host of their own. Copied */
    int64_t sent_ago_ms;  /* how long ago the request was sent, ms: not known. Used without before,
                             to tell by the server's times what is new */
    int64_t interval_ms;  /* between two looks: 2,000 */
    uint32_t equal_looks; /* so many in a row must see the same: 3 */
    int64_t quiet_ms;     /* how long nothing must have changed before it counts as "never
                             happened" or as "partly": half the deadline, at most 30,000. Raise it
                             for servers that show nothing before all is copied */
    int64_t deadline_ms;  /* when looks end in any case, ms: 120,000. A question that is asked at
                             that time has 5 s more */
    uint32_t members_max; /* members of a place that are counted: 10,000 */
} interim_settle_options;
#define INTERIM_SETTLE_OPTIONS_INIT                                                                \
    {                                                                                              \
        sizeof(interim_settle_options), 0, NULL, NULL, 0, 0, 0, 0, 0, 0                            \
    }

/* Settles, and waits for what is found. Other operations of the client go on meanwhile.
 *
 * The places are those of the request: its URL and, for COPY and MOVE, Destination. Questions carry
 * its credentials and fields, but for those that are about the work (If, Lock-Token, Overwrite
 * ...). A destination on another origin is not asked. The request must not have been changed; with
 * a lock token of the caller's (If, Lock-Token) locks count for nothing.
 *
 * Each question is an operation of its own, whose events go to the request's callbacks and to the
 * log; so do those of the settling, which is one more: START, a LOOK after each look, WAITING, END
 * (its outcome: DONE, STILL_RUNNING, FAILED for never, else UNKNOWN). Their method is PROPFIND. A
 * callback that returns non-zero ends the settling.
 *
 * *out is transferred (interim_settlement_free); NULL only if the call was misused or memory ran
 * out. options: NULL for the defaults, borrowed until return. Returns 0 when there is a finding,
 * UNCLEAR included; ECANCELLED, ENOMEM or ESYSTEM when looking was broken off (the settlement tells
 * how far it came); EINVAL (an option is out of range, another method than those five, a request
 * without Destination), EURL (a destination), EBUSY. After INTERIM_FOUND_NEVER that is LIKELY the
 * request may be sent again by a caller who can bear that it is done twice. Since: 0.1. */
INTERIM_API int interim_settle(interim_settlement **out, interim_client *client,
                               interim_request *request, const interim_settle_options *options);

/* A settling in progress. It is the library's, and valid until on_settled returns. */
typedef struct interim_settling interim_settling;

/* Called exactly once for each settling that was started, from interim_client_run or
 * interim_client_free; settlement is transferred. */
typedef void (*interim_settled_fn)(interim_settling *settling, interim_settlement *settlement,
                                   void *user);

/* The same, and returns at once; all else happens in interim_client_run, which counts it as an
 * operation in flight, beside the question that it asks. out may be NULL. If this fails, on_settled
 * will not be called. Errors as above. user is borrowed until on_settled returned. Since: 0.1. */
INTERIM_API int interim_settle_start(interim_settling **out, interim_client *client,
                                     interim_request *request,
                                     const interim_settle_options *options,
                                     interim_settled_fn on_settled, void *user);

/* Ends a settling. on_settled follows from interim_client_run, never from in here. May be called
 * from any callback, and twice. Since: 0.1. */
INTERIM_API void interim_settling_cancel(interim_settling *settling);

/* What follows is read-only and borrowed until interim_settlement_free. */

INTERIM_API interim_finding interim_settlement_finding(const interim_settlement *settlement);
INTERIM_API interim_certainty interim_settlement_certainty(const interim_settlement *settlement);

/* 0, or why looking was broken off: ECANCELLED, ENOMEM, ESYSTEM. Since: 0.1. */
INTERIM_API int interim_settlement_code(const interim_settlement *settlement);

/* One clause that tells what was found, fit to be printed: "the destination is new and as long as
 * the source". Since: 0.1. */
INTERIM_API const char *interim_settlement_reason(const interim_settlement *settlement);

/* What speaks for it and against it, a clause each, i counts from 0; NULL behind the last. Since:
 * 0.1. */
INTERIM_API const char *interim_settlement_evidence(const interim_settlement *settlement, size_t i);

/* How many looks there were. Since: 0.1. */
INTERIM_API unsigned interim_settlement_looks(const interim_settlement *settlement);

/* What the last look saw. DELETE has no destination, PUT and MKCOL have no source: their sight is
 * INTERIM_SIGHT_NONE. Since: 0.1. */
INTERIM_API const interim_place *interim_settlement_source(const interim_settlement *settlement);
INTERIM_API const interim_place *
interim_settlement_destination(const interim_settlement *settlement);

/* Frees a settlement, NULL included. Since: 0.1. */
INTERIM_API void interim_settlement_free(interim_settlement *settlement);

/* ---- The event log ------------------------------------------------------------------------- */

/* A log of the events of all operations of the clients that it is set on. docs/event-log.md tells
 * the members. Secrets are blanked. */
typedef struct interim_log interim_log;

typedef enum interim_log_format {
    INTERIM_LOG_JSON_LINES = 0 /* one JSON object a line */
} interim_log_format;

/* Opens a log on a descriptor, which is borrowed until interim_log_close and best opened with
 * O_APPEND: each event is one write(2). Errors: EINVAL (also a descriptor that is closed or
 * read-only), ENOMEM. Since: 0.1. */
INTERIM_API int interim_log_open(interim_log **out, int fd, interim_log_format format);

/* Ends a log, NULL included; it must not be set on a client any more. Returns 0, or INTERIM_ELOG
 * when at least one event could not be written; *lost, if not NULL, gets their number. Since: 0.1.
 */
INTERIM_API int interim_log_close(interim_log *log, uint64_t *lost);

/* Sets the log of a client, NULL for none; borrowed until the client is freed or another is set.
 * Since: 0.1. */
INTERIM_API int interim_client_set_log(interim_client *client, interim_log *log);

/* ---- URLs ---------------------------------------------------------------------------------- */

/* Resolves a URL reference (RFC 3986 section 5) against an absolute http or https URL and writes
 * the absolute result, with NUL, to out if size suffices. Returns its length without NUL (size was
 * too small if that is not less than size; nothing was written then), EURL, EINVAL (NULL) or
 * ENOMEM. Since: 0.1. */
INTERIM_API int interim_url_resolve(char *out, size_t size, const char *base,
                                    const char *reference);

/* How two URLs lie to each other once normalised: scheme, host and port compared as origins, paths
 * decoded segment by segment, dot segments, doubled and trailing slashes removed, queries ignored.
 */
typedef enum interim_url_relation {
    INTERIM_URL_OTHER_ORIGIN = 0,
    INTERIM_URL_APART,  /* same origin, neither inside the other */
    INTERIM_URL_SAME,   /* the same resource */
    INTERIM_URL_INSIDE, /* b lies below a */
    INTERIM_URL_AROUND  /* a lies below b */
} interim_url_relation;

/* Compares two absolute http or https URLs, for example the source and the destination of a COPY. A
 * server may still know one resource by several names; this sees only what the URLs say. Returns an
 * interim_url_relation, EURL, EINVAL (NULL) or ENOMEM. Since: 0.1. */
INTERIM_API int interim_url_compare(const char *a, const char *b);

#ifdef __cplusplus
}
#endif

#endif
