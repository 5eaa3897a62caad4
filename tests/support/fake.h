/* fake.h - drives an operation as the drive does, without sockets and on a made-up clock: a script
 * says what the peer does, and waits are jumped over from deadline to deadline. What happened is
 * recorded. Nothing in here allocates while an operation runs, so that failing_alloc can be used.
 *
 *     fake_run(&run, FAKE_COPY("Destination: http://dav.example/b/\n"),
 *              SCRIPT(SAY(102, ""), LATER(5000), SAY(202, "Location: /jobs/1\n"),
 *                     SAY(200, "Content-Type: application/json\n\n{\"status\":\"done\"}")));
 */
#ifndef TESTS_SUPPORT_FAKE_H
#define TESTS_SUPPORT_FAKE_H

#include "operation/operation.h"

#define FAKE_EVENTS 512
#define FAKE_EXCHANGES 64
#define FAKE_SENT 16384
#define FAKE_BODY_CAP (1 << 20)
#define FAKE_SECOND INT64_C(1000000000)
#define FAKE_START_NS (1000 * FAKE_SECOND)              /* the clock at the start ... */
#define FAKE_WALL_NS (INT64_C(784111777) * FAKE_SECOND) /* ... Sun, 06 Nov 1994 08:49:37 GMT */
#define FAKE_COPY(name) fake_request("COPY", "http://dav.example/a/", name)

typedef enum fake_action {
    FAKE_STOP = 0, /* the end of the script: if the operation needs more than time, it is cancelled
                    */
    FAKE_SAY,      /* the peer answers status n: text is fields, one a line, an empty line and the
                      body, whose Content-Length is added */
    FAKE_RAW,      /* these bytes come; n of them, or all if n is 0 */
    FAKE_FILL,     /* n bytes 'x' come */
    FAKE_END,      /* the peer ends the stream, cleanly */
    FAKE_CUT,      /* the connection is reset, or ends without TLS saying so */
    FAKE_REFUSE,   /* the next connection cannot be made: error n */
    FAKE_OPEN,     /* the next connection is made (so it is when any other step comes) */
    FAKE_REUSE,    /* ... and has been idle */
    FAKE_STUCK,    /* nothing can be written from now on */
    FAKE_STARVE,   /* no timer can be set */
    FAKE_LATER,    /* n milliseconds pass; before FAKE_OPEN, while it is connecting */
    FAKE_HANG      /* the same, until the operation gives this connection up */
} fake_action;

typedef struct fake_step {
    fake_action action;
    int n;
    const char *text;
} fake_step;

#define SAY(status, text)                                                                          \
    {                                                                                              \
        FAKE_SAY, status, text                                                                     \
    }
#define RAW(text)                                                                                  \
    {                                                                                              \
        FAKE_RAW, 0, text                                                                          \
    }
#define STEP(action, n)                                                                            \
    {                                                                                              \
        FAKE_##action, n, NULL                                                                     \
    }
#define LATER(ms) STEP(LATER, ms)
#define HANG STEP(HANG, 0)
#define END STEP(END, 0)
#define CUT STEP(CUT, 0)
#define OPEN STEP(OPEN, 0)
#define STARVE STEP(STARVE, 0)
#define REUSE STEP(REUSE, 0)
#define REFUSE(error) STEP(REFUSE, error)
#define SCRIPT(...) ((const fake_step[]){__VA_ARGS__, STEP(STOP, 0)})

/* An event as it was given. */
typedef struct fake_event {
    interim_event_kind kind;
    interim_hop hop;
    unsigned hop_index;
    uint64_t sequence;
    int64_t at; /* ns since the operation began */
    int64_t silence_ms, wait_ms, done, total;
    int status, error;
    double percent;
    size_t field_count;
    char url[160], text[200], method[16];
} fake_event;

struct fake {
    interim__environment environment;
    interim__operation op;
    interim_request *request;
    interim_result *result; /* once it has ended */
    interim__moment now;
    const fake_step *step;
    bool bytewise;          /* what comes, comes byte by byte */
    uint64_t cancel_at;     /* the callback of this event, by sequence, cancels; 0: none does */
    bool cancel_quietly;    /* ... by interim__operation_cancel instead of its answer */
    uint64_t cancel_job_at; /* at this event the server is to be asked to stop the job ... */
    int cancel_job_code;    /* ... and what interim__operation_cancel_job said */
    bool queues;            /* polls are put in line, as by who drives many operations */
    bool stuck;
    size_t event_count; /* may be more than were recorded */
    unsigned ends;
    bool disordered;       /* sequence numbers with a gap, or an event behind the end */
    unsigned exchanges;    /* on which a byte was sent */
    unsigned connections;  /* that were opened */
    unsigned kept, closed; /* connections that were given back */
    size_t body_length;    /* what on_body got, if the request has fake_body */
    int body_answer;       /* what fake_body returns */
    const char *fault;     /* the script does not fit */
    size_t sent_length[FAKE_EXCHANGES];
    char trace[FAKE_EVENTS + 1]; /* a letter each: see fake_trace */
    char body[4096];
    /* Not cleared at the start: large. */
    fake_event events[FAKE_EVENTS];
    char sent[FAKE_EXCHANGES][FAKE_SENT + 1]; /* what was sent, from the first byte on */
};

/* A request with all defaults; fields: "Name: value" lines that end with \n, or NULL. */
interim_request *fake_request(const char *method, const char *url, const char *fields);
void fake_set_body(interim_request *request, const char *body);

/* The same as interim_request_set_credentials. */
void fake_set_login(interim_request *request, const char *user, const char *password);

/* For request->on_body, with the fake as body_user. */
int fake_body(const void *data, size_t size, void *user);

/* Starts an operation; request is transferred, also if it fails. */
int fake_start(struct fake *out, interim_request *request);

/* Plays a script until the operation has ended, or the script has: it is cancelled then. */
void fake_play(struct fake *fake, const fake_step *script);

/* Both, then checks what must always hold. fake is static in most tests: it is large. */
void fake_run(struct fake *out, interim_request *request, const fake_step *script);
void fake_check(const struct fake *fake);

/* Frees everything. */
void fake_finish(struct fake *fake);

/* The n-th event of a kind, from 0; NULL when there is none. And how many there were. */
const fake_event *fake_find(const struct fake *fake, interim_event_kind kind, unsigned n);
unsigned fake_count(const struct fake *fake, interim_event_kind kind);

/* Events as letters: s start, c connected, t sent, i interim, r response, > redirect, a accepted,
 * w waiting, p poll, m marker, y retry, g gap, e end. */
const char *fake_trace(const struct fake *fake);

/* An answer to a request as dialects see it, text as in FAKE_SAY, its body read as a document. To
 * be freed by fake_answer_free. */
void fake_answer(interim__answer *out, const interim_request *request, int status,
                 const char *text);
void fake_answer_free(interim__answer *answer);

/* The answer of a FAKE_SAY step as bytes, for tests that cut it. Returns its length. */
size_t fake_say(char *out, size_t size, int status, const char *text);

#endif
