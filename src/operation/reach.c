/* reach.c - how the origin of an operation is reached: directly, through which proxy, and over
 * which connections. See operation.h. */
#include "operation/follow.h"
#include "operation/operation.h"

#define RISKY_IDLE_NS (1 * INT64_C(1000000000)) /* see interim__operation_idle_limit */

const interim__way *interim__operation_way(const interim__operation *op)
{
    static const interim__way none = {0};

    return op->at_home ? &op->request->way : &none;
}

/* No proxy can be asked for a Unix-domain socket of this machine. */
interim__route *interim__operation_find_route(const interim__operation *op)
{
    return interim__operation_way(op)->socket_path != NULL
               ? NULL
               : interim__routes_find(op->environment->routes, op->uri);
}

/* A request in absolute form would leave it to the proxy where to connect to. */
bool interim__operation_tunnels(const interim__operation *op)
{
    const interim__route *route = interim__operation_route(op);

    return route != NULL && route->kind == INTERIM__ROUTE_HTTP &&
           (op->uri->tls || interim__operation_way(op)->host != NULL);
}

bool interim__operation_forwards(const interim__operation *op, const interim__route *route)
{
    return route->kind == INTERIM__ROUTE_HTTP && !interim__operation_tunnels(op);
}

int64_t interim__operation_idle_limit(const interim__operation *op)
{
    bool safe;

    if (op->fresh_connection)
        return -1;
    safe =
        op->method == op->request->method ? op->request->safe : interim__method_is_safe(op->method);
    return safe ? INTERIM__FAR : RISKY_IDLE_NS;
}
