/* pool.c - see pool.h. One list, in the order of use: the connection that was kept last is at the
 * head, so the first that fits is the one to take, and the last is the next to expire. The pool
 * owns what is in it. The timer is set at most once per expiry, not once per use: when it is due
 * too early because the oldest was taken, it is set again. Entries are used again and again. */
#include "transport/pool.h"

#include <stdlib.h>

#define MOST 256 /* a burst of operations to one origin finds its connections again */
#define MOMENT_NS INT64_C(100000)
#define WORD_NS INT64_C(10000000) /* how long what the loop was told is taken for true */

typedef struct entry {
    struct entry *newer, *older;
    interim__pool *pool;
    interim__connection *connection;
    int64_t since;
} entry;

struct interim__pool {
    interim__timer timer; /* first: the timer is the pool */
    interim__loop *loop;
    int64_t idle_ns;
    entry *newest, *oldest;
    entry *unused; /* by `older` */
    size_t count;
};

static const interim__connection_owner nobody = {0};

static void unlink_entry(entry *old)
{
    interim__pool *pool = old->pool;

    *(old->newer != NULL ? &old->newer->older : &pool->newest) = old->older;
    *(old->older != NULL ? &old->older->newer : &pool->oldest) = old->newer;
    pool->count--;
}

/* Takes the entry out and leaves its connection, which calls nobody. */
static interim__connection *release(entry *old)
{
    interim__connection *connection = old->connection;

    unlink_entry(old);
    old->older = old->pool->unused;
    old->pool->unused = old;
    interim__connection_set_owner(connection, &nobody);
    return connection;
}

static void discard(entry *old)
{
    interim__connection_free(release(old));
}

/* Whether nothing has come in that was not asked for, as far as the loop knows; it then waits for
 * it. */
static bool is_quiet(interim__connection *connection)
{
    char byte;

    return interim__connection_read(connection, &byte, 1) == INTERIM__AGAIN;
}

/* Something happened while nobody had asked anything. A session ticket of TLS 1.3 is no harm. */
static void idle_ready(void *user, unsigned events)
{
    entry *idle = user;

    (void)events;
    if (!is_quiet(idle->connection))
        discard(idle);
}

static int64_t expiry(const interim__pool *pool, int64_t since)
{
    return pool->idle_ns > INTERIM__NEVER - since ? INTERIM__NEVER : since + pool->idle_ns;
}

static void expire(interim__timer *timer)
{
    interim__pool *pool = (interim__pool *)(void *)timer;
    int64_t now = interim__loop_monotonic_ns();

    while (pool->oldest != NULL && expiry(pool, pool->oldest->since) <= now)
        discard(pool->oldest);
    /* Without memory for the timer nothing would ever expire: better to keep nothing. */
    if (pool->oldest != NULL &&
        interim__timer_set(pool->loop, timer, expiry(pool, pool->oldest->since)) < 0)
        while (pool->oldest != NULL)
            discard(pool->oldest);
}

int interim__pool_new(interim__pool **out, interim__loop *loop, int64_t idle_ns)
{
    interim__pool *pool = calloc(1, sizeof *pool);

    *out = pool;
    if (pool == NULL)
        return INTERIM_ENOMEM;
    interim__timer_init(&pool->timer, expire);
    pool->loop = loop;
    pool->idle_ns = idle_ns;
    return 0;
}

void interim__pool_free(interim__pool *pool)
{
    entry *unused;

    if (pool == NULL)
        return;
    while (pool->oldest != NULL)
        discard(pool->oldest);
    interim__timer_set(pool->loop, &pool->timer, INTERIM__NEVER);
    while ((unused = pool->unused) != NULL) {
        pool->unused = unused->older;
        free(unused);
    }
    free(pool);
}

/* A look at the system costs a tenth of a short request. A connection that was drained a moment ago
 * is as good as one that is looked at now: either may be closed before the request gets there. */
static bool needs_look(const entry *kept, int64_t now, int64_t idle_at_most)
{
    int64_t told = interim__loop_told_ns(kept->pool->loop);
    bool risky = idle_at_most != INTERIM__NEVER;

    /* In the turn in which it is kept, a FIN may have come behind the bytes that were read. */
    if ((risky ? told > kept->since : told >= kept->since) && now - told < WORD_NS)
        return false;
    return risky || now - kept->since > MOMENT_NS;
}

interim__connection *interim__pool_take(interim__pool *pool, const interim__endpoint *endpoint,
                                        int64_t idle_at_most, int64_t now)
{
    entry *older;

    for (entry *at = pool->newest; at != NULL; at = older) {
        older = at->older;
        if (!interim__connection_is_to(at->connection, endpoint))
            continue;
        if (now - at->since > idle_at_most)
            return NULL; /* all that follow are older */
        if (!needs_look(at, now, idle_at_most) || interim__connection_is_clean(at->connection))
            return release(at);
        discard(at);
    }
    return NULL;
}

/* NULL when out of memory. */
static entry *get_entry(interim__pool *pool)
{
    entry *unused = pool->unused;

    if (unused == NULL)
        return malloc(sizeof *unused);
    pool->unused = unused->older;
    return unused;
}

static void link_newest(interim__pool *pool, entry *kept)
{
    kept->newer = NULL;
    kept->older = pool->newest;
    *(pool->newest != NULL ? &pool->newest->newer : &pool->oldest) = kept;
    pool->newest = kept;
    pool->count++;
}

bool interim__pool_shrink(interim__pool *pool)
{
    if (pool->oldest == NULL)
        return false;
    discard(pool->oldest);
    return true;
}

void interim__pool_keep(interim__pool *pool, interim__connection *connection, int64_t now)
{
    interim__connection_owner owner = {.ready = idle_ready};
    entry *kept;

    if (pool->idle_ns == 0 || !is_quiet(connection))
        goto refuse;
    if (pool->timer.deadline == INTERIM__NEVER &&
        interim__timer_set(pool->loop, &pool->timer, expiry(pool, now)) < 0)
        goto refuse;
    if (pool->count == MOST)
        discard(pool->oldest);
    kept = get_entry(pool);
    if (kept == NULL)
        goto refuse;
    kept->pool = pool;
    kept->connection = connection;
    kept->since = now;
    link_newest(pool, kept);
    owner.user = kept;
    interim__connection_set_owner(connection, &owner);
    return;
refuse:
    interim__connection_free(connection);
}

void interim__pool_trim(interim__pool *pool, size_t at_most, const interim__endpoint *endpoint,
                        size_t of_origin_at_most)
{
    size_t of_origin = 0;
    entry *newer;

    while (pool->count > at_most)
        discard(pool->oldest);
    if (of_origin_at_most >= pool->count)
        return;
    for (entry *at = pool->oldest; at != NULL; at = at->newer)
        of_origin += interim__connection_is_of(at->connection, endpoint);
    for (entry *at = pool->oldest; at != NULL && of_origin > of_origin_at_most; at = newer) {
        newer = at->newer;
        if (!interim__connection_is_of(at->connection, endpoint))
            continue;
        discard(at);
        of_origin--;
    }
}
