/* client.c - making, running and freeing a client. */
#include "client/client.h"

#include "base/error.h"
#include "base/options.h"
#include "client/log.h"
#include "client/proxy.h"
#include "client/settle.h"
#include "transport/address.h"
#include "transport/race.h"
#include "transport/want.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BODY_CAP ((size_t)16 * 1024 * 1024)
#define IDLE_MS 60000
#define RESOLVER_CACHE_S 60
#define RESOLVER_CACHE_MAX_S 86400
#define POLLS_AT_ONCE 8
#define IDLE_MAX_MS ((int64_t)366 * 86400 * 1000)

static bool is_field_value(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static int read_options(interim_client_options *out, const interim_client_options *options)
{
    *out = (interim_client_options)INTERIM_CLIENT_OPTIONS_INIT;
    if (options != NULL && interim__options_copy(out, sizeof *out, options) < 0)
        return INTERIM_EINVAL;
    if (out->idle_ms < INTERIM_AT_ONCE || out->idle_ms > IDLE_MAX_MS)
        return INTERIM_EINVAL;
    if (out->tls_min != INTERIM_TLS_1_2 && out->tls_min != INTERIM_TLS_1_3)
        return INTERIM_EINVAL;
    if (out->resolver_cache_s > RESOLVER_CACHE_MAX_S)
        return INTERIM_EINVAL;
    if (out->attempt_delay_ms != 0 && (out->attempt_delay_ms < INTERIM__RACE_DELAY_LEAST_MS ||
                                       out->attempt_delay_ms > INTERIM__RACE_DELAY_MOST_MS))
        return INTERIM_EINVAL;
    if (out->resolver_cache_s == 0)
        out->resolver_cache_s = RESOLVER_CACHE_S;
    if (out->idle_ms == 0)
        out->idle_ms = IDLE_MS;
    if (out->polls_at_once == 0)
        out->polls_at_once = POLLS_AT_ONCE;
    if (out->body_cap_bytes == 0)
        out->body_cap_bytes = BODY_CAP;
    if (out->user_agent == NULL)
        out->user_agent = "libinterim/" INTERIM_VERSION;
    return is_field_value(out->user_agent) ? 0 : INTERIM_EINVAL;
}

static bool is_sign_of_life(interim_event_kind kind)
{
    return kind == INTERIM_EVENT_INTERIM || kind == INTERIM_EVENT_POLL ||
           kind == INTERIM_EVENT_MARKER || kind == INTERIM_EVENT_LOOK;
}

/* Every event passes here: the log first, so that it has what made a callback stop the operation.
 */
static int observe(void *user, const interim_request *request, const interim_event *event)
{
    interim_client *client = user;
    interim_event_fn on_interim = is_sign_of_life(event->kind) ? request->on_interim : NULL;
    int stop;

    if (client->log != NULL)
        interim__log_event(client->log, event);
    if (request->on_event == NULL)
        return on_interim == NULL ? 0 : on_interim(event, request->interim_user);
    stop = on_interim == NULL ? 0 : on_interim(event, request->interim_user);
    return request->on_event(event, request->event_user) != 0 ? 1 : stop;
}

static int make_parts(interim_client *client, const interim_client_options *options,
                      interim_error *error)
{
    interim__drive *drive = &client->drive;
    interim__transport *transport = &drive->transport;
    int64_t idle = options->idle_ms * INTERIM__NS_PER_MS;
    int failed;

    drive->environment.single_use = options->idle_ms == INTERIM_AT_ONCE;
    if (options->idle_ms < 0)
        idle = drive->environment.single_use ? 0 : INTERIM__NEVER;
    transport->attempt_delay_ns = options->attempt_delay_ms * INTERIM__NS_PER_MS;
    failed = interim__loop_new(&transport->loop, options->engine);
    if (failed == 0)
        failed = interim__resolver_new(&transport->resolver, transport->loop,
                                       options->resolver_cache_s * 1000 * INTERIM__NS_PER_MS);
    if (failed == 0)
        failed = interim__door_new(&transport->door, options, error);
    if (failed == 0)
        failed = interim__pool_new(&drive->pool, transport->loop, idle);
    if (failed == 0)
        failed = interim__proxy_read(&drive->routes, options, error);
    return failed;
}

static int tell(interim_error *out, interim_error *error, int failed)
{
    interim__error_set(error, failed, INTERIM_STAGE_START, "%s", interim_strerror(failed));
    if (out != NULL)
        interim__error_copy(out, error);
    return failed;
}

/* Of the parts of a client those that take descriptors. */
static void blame_system(interim_error *error, int os_error)
{
    char buffer[64];

    if (error->code == 0)
        error->os_error = os_error;
    interim__error_set(error, INTERIM_ESYSTEM, INTERIM_STAGE_START, "make the client: %s%s",
                       interim__address_problem(os_error, buffer, sizeof buffer),
                       interim__want_hint(os_error));
}

int interim_client_new(interim_client **out, const interim_client_options *options)
{
    interim_client_options known;
    interim_client *client;
    interim_error error;
    int failed = read_options(&known, options);

    *out = NULL;
    interim__error_init(&error);
    if (failed < 0)
        return tell(known.error, &error, failed);
    client = calloc(1, sizeof *client);
    if (client == NULL)
        return tell(known.error, &error, INTERIM_ENOMEM);
    failed = interim__drive_init(&client->drive);
    client->user_agent = strdup(known.user_agent);
    if (failed == 0)
        failed = client->user_agent == NULL ? INTERIM_ENOMEM : make_parts(client, &known, &error);
    if (failed < 0) {
        if (failed == INTERIM_ESYSTEM)
            blame_system(&error, errno);
        interim_client_free(client);
        failed = tell(known.error, &error, failed);
        errno = error.os_error;
        return failed;
    }
    client->drive.environment.quiet = true;
    client->drive.environment.user_agent = client->user_agent;
    client->drive.environment.body_cap = known.body_cap_bytes;
    client->drive.herd.limit = known.polls_at_once;
    client->drive.queue.limit = known.max_connections;
    client->drive.queue.origin_limit = known.max_connections_per_origin;
    client->drive.observe = observe;
    client->drive.observer = client;
    *out = client;
    return 0;
}

void interim_client_free(interim_client *client)
{
    interim__drive *drive;
    interim__transport *transport;

    if (client == NULL)
        return;
    drive = &client->drive;
    transport = &drive->transport;
    client->freeing = client->running = true;
    interim__drive_abort_all(drive);
    interim__drive_deliver(drive);
    interim__settlings_abort(client);
    interim__pool_free(drive->pool);
    interim__resolver_free(transport->resolver);
    interim__door_free(transport->door);
    interim__loop_free(transport->loop);
    interim__routes_dispose(&drive->routes);
    interim__drive_dispose(drive);
    free(client->user_agent);
    free(client);
}

void interim_client_forget_names(interim_client *client)
{
    interim__resolver_clear(client->drive.transport.resolver);
}

int interim_client_fd(const interim_client *client)
{
    return interim__loop_fd(client->drive.transport.loop);
}

int interim_client_run(interim_client *client, int timeout_ms)
{
    interim__drive *drive = &client->drive;
    int failed;

    if (client->running)
        return INTERIM_EBUSY;
    client->running = true;
    /* With nothing in flight there is nothing to wait for, but idle connections may want to be
     * closed. */
    if (interim__drive_deliver(drive) > 0 || drive->in_flight == 0)
        timeout_ms = 0;
    failed = interim__loop_turn(drive->transport.loop, timeout_ms);
    interim__drive_deliver(drive);
    /* What was started in there begins now, not after a look at descriptors that cannot know. */
    interim__drive_attend(drive);
    interim__drive_deliver(drive);
    client->running = false;
    if (failed < 0)
        return failed;
    return drive->in_flight > INT32_MAX ? INT32_MAX : (int)drive->in_flight;
}

void interim_client_wake(interim_client *client)
{
    interim__loop_wake(client->drive.transport.loop);
}

int interim_client_set_log(interim_client *client, interim_log *log)
{
    client->log = log;
    client->drive.environment.quiet = log == NULL;
    return 0;
}
