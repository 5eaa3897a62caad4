/* plan.c - see plan.h. The comparing is interim_url_compare's; it sees what the URLs say, and the
 * server may know one resource by several names, so the server's own 403 still matters.
 */
#include "plan.h"

#include <interim.h>

#include <stdio.h>
#include <string.h>

#include "exits.h"
#include "printable.h"

static int refuse(const char *what, const char *url, const char *advice)
{
    char shown[512];

    fprintf(stderr, "davcopy: %s, %s; %s\n", what, printable(shown, sizeof shown, url), advice);
    return EXIT_USAGE;
}

/* Where the path begins: behind the authority. */
static size_t path_offset(const char *url)
{
    const char *authority = strstr(url, "://");

    authority = authority ? authority + 3 : url;
    return (size_t)(authority - url) + strcspn(authority, "/?");
}

/* Whether there is a user name, and perhaps a password, before the host. */
static bool has_user_info(const char *url)
{
    const char *at = strchr(url, '@');

    return at && (size_t)(at - url) < path_offset(url);
}

static int refuse_url(const char *which, const char *url, const char *problem)
{
    char what[256];

    if (has_user_info(url)) { /* and it is not shown: it may hold a password */
        fprintf(stderr, "davcopy: %s holds a user name; leave it out and use --user\n", which);
        return EXIT_USAGE;
    }
    snprintf(what, sizeof what, "%s cannot be used: %s", which, problem);
    return refuse(what, url, "give an http or https URL, and write what a URL cannot hold as %XX");
}

static int check_source(const char *source)
{
    const char *problem = interim_url_problem(source);

    if (problem)
        return refuse_url("SOURCE", source, problem);
    if (strchr(source, '#'))
        return refuse_url("SOURCE", source, "it has a fragment; a # in a name is %23");
    return EXIT_DONE;
}

/* Why a destination cannot be resolved, as far as that can be told of a reference. */
static const char *reference_problem(struct plan *scratch, const char *destination)
{
    const char *problem = NULL;
    const size_t origin = path_offset(scratch->source);

    if (strstr(destination, "://"))
        problem = interim_url_problem(destination);
    if (destination[0] == '/' && origin + strlen(destination) <= PLAN_URL_MAX) {
        memcpy(scratch->destination, scratch->source, origin);
        strcpy(scratch->destination + origin, destination);
        problem = interim_url_problem(scratch->destination);
    }
    if (strlen(destination) > PLAN_URL_MAX)
        problem = "it is too long";
    return problem ? problem : "it is neither a URL nor a path";
}

static int resolve_destination(struct plan *out, const char *destination)
{
    int length;

    if (strchr(destination, '#'))
        return refuse_url("DESTINATION", destination, "it has a fragment; a # in a name is %23");
    length = interim_url_resolve(out->destination, PLAN_URL_MAX + 1, out->source, destination);
    if (length < 0)
        return refuse_url("DESTINATION", destination, reference_problem(out, destination));
    if (length > PLAN_URL_MAX)
        return refuse_url("DESTINATION", destination, "it is too long");
    return EXIT_DONE;
}

static void choose_way(struct plan *plan, enum tpc tpc)
{
    const int relation = interim_url_compare(plan->source, plan->destination);

    plan->third_party = tpc == TPC_PULL || tpc == TPC_PUSH ||
                        (tpc == TPC_AUTO && relation == INTERIM_URL_OTHER_ORIGIN);
    plan->pull = plan->third_party && tpc != TPC_PUSH;
}

const char *plan_target(const struct plan *plan)
{
    return plan->pull ? plan->destination : plan->source;
}

static int check_relation(const struct plan *plan, bool move)
{
    const char *verb = move ? "moved" : "copied";
    char what[128];

    switch (interim_url_compare(plan->source, plan->destination)) {
    case INTERIM_URL_APART:
        return EXIT_DONE;
    case INTERIM_URL_OTHER_ORIGIN:
        return plan->third_party
                   ? EXIT_DONE
                   : refuse(
                         "the destination is on another server", plan->destination,
                         "scheme, host and port must be those of SOURCE; where both servers know "
                         "third-party copies, use --tpc pull or push");
    case INTERIM_URL_SAME:
        snprintf(what, sizeof what, "the source cannot be %s onto itself", verb);
        return refuse(what, plan->destination, "give another destination");
    case INTERIM_URL_INSIDE:
        snprintf(what, sizeof what, "the source cannot be %s into itself", verb);
        return refuse(what, plan->destination, "give a destination outside of the source");
    case INTERIM_URL_AROUND:
        snprintf(what, sizeof what, "the source cannot be %s onto a collection that holds it",
                 verb);
        return refuse(what, plan->destination,
                      "the source would be deleted with it; give another destination");
    default:
        return refuse("the URLs cannot be compared", plan->destination, "check both");
    }
}

/* Both URLs come out of interim_url_resolve, so the same origin is spelt in the same way in both,
 * and in the Host field: servers compare the text. */
int plan_make(struct plan *out, const struct options *options)
{
    int exit_code = check_source(options->source);
    int length;

    if (exit_code != EXIT_DONE)
        return exit_code;
    length = interim_url_resolve(out->source, PLAN_URL_MAX + 1, options->source, options->source);
    if (length < 0 || length > PLAN_URL_MAX)
        return refuse_url("SOURCE", options->source, "it is too long");
    exit_code = resolve_destination(out, options->destination);
    if (exit_code != EXIT_DONE)
        return exit_code;
    choose_way(out, options->tpc);
    return check_relation(out, options->move);
}

static size_t path_end(const char *url)
{
    return strcspn(url, "?");
}

static void add_slash(char *url)
{
    const size_t end = path_end(url);

    if (url[end - 1] == '/')
        return;
    memmove(url + end + 1, url + end, strlen(url + end) + 1);
    url[end] = '/';
}

void plan_collection(struct plan *plan)
{
    add_slash(plan->source);
    add_slash(plan->destination);
}

int plan_file(const struct plan *plan)
{
    if (plan->destination[path_end(plan->destination) - 1] != '/')
        return EXIT_DONE;
    return refuse("the source is a file and the destination ends with a slash", plan->destination,
                  "name the copy itself, without a slash at the end");
}

void plan_destination_field(char *out, size_t size, const struct plan *plan, const char *host)
{
    const char *url = plan->destination;
    const char *authority = strstr(url, "://");

    if (host && authority)
        snprintf(out, size, "%.*s%s%s", (int)(authority + 3 - url), url, host,
                 url + path_offset(url));
    else
        snprintf(out, size, "%s", url);
}
