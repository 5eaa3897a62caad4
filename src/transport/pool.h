/* pool.h - open connections that nobody uses, by where they lead and by which way (endpoint.h). The
 * client's TLS settings are the same for all. A connection that the peer closes, or that becomes
 * readable while it is idle (nothing may be answered that was not asked: RFC 9112 section 9.2), is
 * closed at once and never handed out. May be included by drive.
 */
#ifndef INTERIM_TRANSPORT_POOL_H
#define INTERIM_TRANSPORT_POOL_H

#include "transport/connection.h"

typedef struct interim__pool interim__pool;

/* idle_ns: how long a connection is kept, INTERIM__NEVER: until the peer closes it,
 * 0: not at all. */
int interim__pool_new(interim__pool **out, interim__loop *loop, int64_t idle_ns);
void interim__pool_free(interim__pool *pool);

/* Takes the connection that was used last for this endpoint and has been idle, by now, for at most
 * idle_at_most ns, after a look whether it is still clean; NULL when there is none. The loop's word
 * for that will do when it is fresh, and so will, with INTERIM__NEVER, that it was clean a moment
 * ago: the caller can do with a connection that turns out to be closed. The caller sets the owner.
 */
interim__connection *interim__pool_take(interim__pool *pool, const interim__endpoint *endpoint,
                                        int64_t idle_at_most, int64_t now);

/* Closes the connections that were used longest ago, until at most so many are left in all, and so
 * many to the origin of an endpoint. */
void interim__pool_trim(interim__pool *pool, size_t at_most, const interim__endpoint *endpoint,
                        size_t of_origin_at_most);

/* Closes the connection that has been idle for the longest time; false: there is none. */
bool interim__pool_shrink(interim__pool *pool);

/* Keeps an open connection that has nothing unread, idle from now on, for the origin that it was
 * opened to; frees it when there is no memory for that. Of more than 256 the oldest goes. */
void interim__pool_keep(interim__pool *pool, interim__connection *connection, int64_t now);

#endif
