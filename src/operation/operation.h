/* operation.h - from the call to the outcome: exchanges for the request, its redirects and polls,
 * and the waits between them. It takes bytes, time and random numbers, and gives bytes and events;
 * it knows of no socket, clock or file, so that it runs the same under the drive, a made-up clock
 * and a fuzzer.
 *
 * What it needs from whoever drives it:
 *
 *     CONNECTION --opened--> EXCHANGE --over--> CONNECTION   redirect, result, once more
 *                                           `-> TIME         until the next poll, no connection
 * held
 *                                           `-> NOTHING      ended: the result can be taken
 *     TIME --tick--> CONNECTION
 *     any --limit, cancel--> NOTHING
 *
 * After each call the driver looks at need again. When it had given a connection and need is not
 * EXCHANGE any more, the connection is taken back: kept if keep_connection says so, else closed.
 * May be included by operation, drive and client. */
#ifndef INTERIM_OPERATION_OPERATION_H
#define INTERIM_OPERATION_OPERATION_H

#include "operation/accepted.h"
#include "operation/patience.h"
#include "operation/proxy_login.h"
#include "operation/result.h"
#include "operation/talk.h"
#include "operation/upload.h"

typedef enum interim__need {
    INTERIM__NEED_CONNECTION, /* a connection to the origin of uri */
    INTERIM__NEED_EXCHANGE,   /* its output sent, what comes given to it */
    INTERIM__NEED_TLS,  /* TLS on the connection, through the tunnel; opened again after that */
    INTERIM__NEED_TIME, /* nothing before deadline */
    INTERIM__NEED_NOTHING
} interim__need;

/* Nanoseconds. */
typedef struct interim__moment {
    int64_t monotonic, wall;
} interim__moment;

/* Gets every event; a non-zero return cancels the operation. */
struct interim__operation;
typedef int (*interim__observer)(struct interim__operation *op, const interim_event *event);

/* Who an operation's connection leads to, for those that were told NULL; borrowed as long as it
 * is. */
typedef const char *(*interim__peer_fn)(struct interim__operation *op);

/* What becomes of the body of the response that is being read. */
typedef enum interim__sink {
    INTERIM__SINK_FINAL,  /* it is the caller's: streamed or kept */
    INTERIM__SINK_LOOK,   /* it is looked at when it is complete, or too long for that */
    INTERIM__SINK_DISCARD /* read and forgotten, up to a limit */
} interim__sink;

/* What the operations of a client have in common, borrowed from whoever drives them. */
typedef struct interim__environment {
    interim__observer observe;
    interim__peer_fn peer;
    bool quiet; /* events are wanted only if the request asks for them */
    const char *user_agent;
    size_t body_cap;
    const interim__routes *routes; /* NULL: no proxies */
    interim__hasher hasher;        /* its errors may be left in error */
    bool single_use;               /* servers are told that a connection serves once */
    interim_error error;  /* initialised; of what is being done now, by one operation at a time */
    interim__talk *spare; /* the same; to be freed by interim__environment_dispose */
    struct interim__operation *silent; /* would rest if there were no room; NULL: none */
} interim__environment;

/* An operation that only waits for its answer gives up its room for one: see rest.c. */
void interim__environment_make_room(interim__environment *environment);

/* Frees what the operations have left in it; they have ended. */
void interim__environment_dispose(interim__environment *environment);

/* The way through a proxy: only where there is one. */
typedef struct interim__passage {
    interim__proxy_login login;
    interim_hop hop; /* HOP_TUNNEL: what the tunnel is for ... */
    unsigned hop_index;
    const char *method;
    unsigned rounds; /* answers to a 407 of CONNECT */
} interim__passage;

/* Most operations wait most of the time, and are many: what is not needed then is behind a pointer,
 * and there only as long as it is needed. */
typedef struct interim__operation {
    /* Set at the start. */
    interim_request *request;
    interim_result *result;
    interim__environment *environment;
    uint64_t number, random;
    /* For the driver. */
    interim__uri *uri; /* of the exchange: where to connect to */
    interim__need need;
    unsigned
        connections_left; /* how many it has done with: the one that it has is not one of them */
    bool keep_connection : 1;  /* the connection of the exchange that is over may be used again */
    bool fresh_connection : 1; /* a connection that was idle will not do */
    bool in_line : 1;          /* no poll is to begin */
    bool queued : 1;           /* it waits in line for a connection */
    bool at_home : 1;          /* uri is of the origin that the caller named */
    /* The rest is its own. */
    bool tunnelled : 1;  /* the connection goes through a tunnel of a proxy */
    bool reused : 1;     /* its connection had been idle */
    bool begun : 1;      /* a byte of the first request may have left: it may have had an effect */
    bool retried : 1;    /* a safe request was asked once more already */
    bool stop : 1;       /* the caller wants no more */
    bool challenged : 1; /* the answer is a 401 or 407, and the request is sent again */
    bool expects_nothing : 1; /* 417 came: not again */
    bool paused : 1;          /* the caller wants no more of the body for now */
    bool resuming : 1;        /* ... and wants it again */
    bool cancel_asked : 1;    /* the server is to be asked to stop the job */
    bool uploading : 1;       /* this exchange creates it, asks for it, or appends to it */
    bool continues : 1;       /* ... and its answer is not the operation's */
    bool from_token : 1;      /* op->job was another process's, and is not begun here yet */
    bool token_given : 1;     /* to the caller ... */
    bool expects;             /* this request has Expect: 100-continue */
    uint32_t token_state;     /* ... and this was its checksum */
    interim__moment now;
    int last_status;
    interim_hop hop;
    unsigned hop_index;
    uint16_t redirects;
    uint16_t answered; /* 401s and 407s, by sending the request again */
    unsigned signs;    /* of life */
    interim__sink sink;
    uint64_t sequence;
    const char *method; /* of the exchange */
    const char *peer;   /* see interim__operation_peer; NULL: not asked yet */
    char *url_text;     /* of uri, fit for logs, if it is another; NULL: not written down yet */
    interim__watchdog dog;
    int64_t wake_at; /* NEED_TIME: until then; NEED_EXCHANGE: when the body that waits for 100 goes
                        out unasked, or FAR */
    interim_error *error;        /* the environment's */
    interim__talk *talk;         /* NULL: there is no connection, or the exchange is at rest ... */
    interim__exchange_rest rest; /* ... here */
    interim__authentication *authentication; /* at the origin of the request; NULL: there is none */
    interim__passage *passage;               /* NULL: no proxy, or none yet */
    interim__accepted *job;                  /* NULL: no 202 is being followed */
    interim__uri *learnt;                    /* the monitor that a 102 named; NULL: none */
    interim__upload *upload;                 /* NULL: none was begun */
} interim__operation;

/* Starts an operation: takes a reference of the request. Errors: ENOMEM; nothing is to be disposed
 * of then. */
int interim__operation_init(interim__operation *op, interim__environment *environment,
                            interim_request *request, uint64_t number, uint64_t seed,
                            interim__moment now);

/* Frees what it holds, and the result unless that was taken. */
void interim__operation_dispose(interim__operation *op);

/* Forgets the exchange: another may follow on the same connection, or nothing is needed any more,
 * and what it took is free for others before the result is taken. */
void interim__operation_drop_exchange(interim__operation *op);

/* The result of an operation that needs nothing any more; transferred. */
interim_result *interim__operation_take_result(interim__operation *op);

/* A connection is ready. peer is borrowed as long as it is; NULL: the environment is asked when
 * somebody wants to know. */
void interim__operation_opened(interim__operation *op, const char *peer, bool reused,
                               interim__moment now);

/* No connection is to be had for now, for the reason that text gives: until it is let in, or
 * opened, there is no limit but that of the whole, and that of the job. */
void interim__operation_queued(interim__operation *op, const char *text, interim__moment now);

/* A connection is being opened from now on; nothing happens if it was not queued. */
void interim__operation_let_in(interim__operation *op, interim__moment now);

/* No connection could be made; or the one that was given has ended: clean tells whether the peer
 * meant it, error (may be NULL) what the transport knows. */
void interim__operation_unopened(interim__operation *op, const interim_error *error,
                                 interim__moment now);
void interim__operation_ended(interim__operation *op, bool clean, const interim_error *error,
                              interim__moment now);

/* Whether there may be something to send now. */
static inline bool interim__operation_writes(const interim__operation *op)
{
    return op->need == INTERIM__NEED_EXCHANGE && op->talk != NULL &&
           interim__sender_has_more(&op->talk->exchange.sender);
}

/* Bytes to send at *data, how many; 0 when there are none. They stay until _sent says how many
 * left. A reader that fails ends the operation: need tells. */
size_t interim__operation_output(interim__operation *op, const char **data, interim__moment now);
void interim__operation_sent(interim__operation *op, size_t size, interim__moment now);

/* How many bytes of body_fd of the request come next, and from which offset on, where that is all
 * there is to send: the driver may move them without looking at them, and says interim__operation_
 * sent. 0, or when it cannot: interim__operation_output has them too. */
int64_t interim__operation_file(const interim__operation *op, int64_t *offset);

/* Nothing can be written any more; an answer may still come. */
void interim__operation_unwritable(interim__operation *op);

/* Bytes that came; they are changed in place, and all of them are taken. */
void interim__operation_received(interim__operation *op, char *data, size_t size,
                                 interim__moment now);

/* When _tick is to be called, monotonic ns; INTERIM__FAR: not needed. */
int64_t interim__operation_deadline(const interim__operation *op);

/* Does what is due. Calling it for nothing is harmless. */
void interim__operation_tick(interim__operation *op, interim__moment now);

/* Whether the connection is to be read from: not while the caller has paused the body. */
static inline bool interim__operation_reads(const interim__operation *op)
{
    return op->need == INTERIM__NEED_EXCHANGE && !op->paused;
}

/* The caller wants the body again; takes effect at the next tick. */
void interim__operation_resume(interim__operation *op);

/* There is no memory for the timer without which it would wait for ever: it ends. */
void interim__operation_starved(interim__operation *op, interim__moment now);

/* The caller wants no more; takes effect at the next tick. */
void interim__operation_cancel(interim__operation *op);

/* The URL of the exchange for people: all but the caller's own without its query; "" when there was
 * no memory for it. */
const char *interim__operation_url_text(interim__operation *op);

/* Who its connection leads to; "": there is none. Borrowed as long as there is one. */
const char *interim__operation_peer(interim__operation *op);

/* How the caller wants the origin of uri to be reached; all empty where it is not the caller's. */
const interim__way *interim__operation_way(const interim__operation *op);

/* Whether a tick would begin a poll; and whether one is under way: not when its answer is known to
 * be the last one, whose body is the caller's and may be paused for long. Who drives many
 * operations may set in_line, which puts polls off, but for the one at the job's deadline, until it
 * is unset. */
bool interim__operation_poll_is_due(const interim__operation *op, int64_t monotonic);
bool interim__operation_is_polling(const interim__operation *op);

/* Another operation that follows the same monitor, which is at uri, had this answer: it is taken as
 * that of a poll of this one, which is waiting. */
void interim__operation_told(interim__operation *op, const interim_message *answer,
                             const interim__uri *uri, interim__moment now);

/* The caller wants the server to stop the job: asked at the next tick between two polls. Errors:
 * EUNSUPPORTED. */
int interim__operation_cancel_job(interim__operation *op);

/* By which proxy the origin of uri is reached; NULL: directly. Most clients know of none. */
interim__route *interim__operation_find_route(const interim__operation *op);
static inline interim__route *interim__operation_route(const interim__operation *op)
{
    const interim__routes *routes = op->environment->routes;

    return routes == NULL || (routes->http == NULL && routes->https == NULL)
               ? NULL
               : interim__operation_find_route(op);
}

/* Whether the request itself goes to an HTTP proxy, in absolute form (RFC 9112 section 3.2.2). */
bool interim__operation_forwards(const interim__operation *op, const interim__route *route);
static inline bool interim__operation_is_forwarded(const interim__operation *op)
{
    const interim__route *route = interim__operation_route(op);

    return route != NULL && interim__operation_forwards(op, route);
}

/* Whether that proxy is asked to connect on, instead of being given the request. */
bool interim__operation_tunnels(const interim__operation *op);

/* How long a connection may have been idle to be used for this exchange, ns: a request that must
 * not be sent twice is not risked on one that the server may just be closing. */
int64_t interim__operation_idle_limit(const interim__operation *op);

#endif
