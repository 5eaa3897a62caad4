/* figures.c - see figures.h. */
#include "figures.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double figures_median(double *v, int n)
{
    if (!n)
        return 0;
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n & 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

enum figure { RPS, MIBS, CPU, USER, SYS, WALL, RSS, RSS_OP, ORIGIN, CONNS, RESUMED };

static double figure(const struct sample *s, enum figure f)
{
    switch (f) {
    case RPS:
        return s->rps;
    case MIBS:
        return s->mib_s;
    case CPU:
        return (s->user + s->sys) / s->ops * 1e6;
    case USER:
        return s->user / s->ops * 1e6;
    case SYS:
        return s->sys / s->ops * 1e6;
    case WALL:
        return s->wall / s->ops * 1e6;
    case RSS:
        return s->rss_mib;
    case RSS_OP:
        return s->rss_op;
    case ORIGIN:
        return s->origin_us;
    case CONNS:
        return s->conns;
    case RESUMED:
        return s->resumed;
    }
    return 0;
}

static double mid(const struct client *c, enum figure f, double *min, double *max)
{
    double v[ROUNDS], m;
    int i, n = 0;

    for (i = 0; i < ROUNDS; i++)
        if (c->s[i].got)
            v[n++] = figure(&c->s[i], f);
    m = figures_median(v, n);
    if (min)
        *min = n ? v[0] : 0;
    if (max)
        *max = n ? v[n - 1] : 0;
    return m;
}

/* The median of A/B taken round by round. */
static double ratio(const struct client *a, const struct client *b, enum figure f)
{
    double v[ROUNDS];
    int i, n = 0;

    if (!a || !b)
        return 0;
    for (i = 0; i < ROUNDS; i++)
        if (a->s[i].got && b->s[i].got && figure(&b->s[i], f) > 0)
            v[n++] = figure(&a->s[i], f) / figure(&b->s[i], f);
    return figures_median(v, n);
}

static const struct client *labelled(const struct client *clients, int nclients, const char *label)
{
    int i;

    for (i = 0; i < nclients; i++)
        if (!strcmp(clients[i].label, label))
            return &clients[i];
    return NULL;
}

static void put_ratio(FILE *out, double r)
{
    if (r > 0)
        fprintf(out, " %.2f |", r);
    else
        fprintf(out, " - |");
}

void figures_table(FILE *out, const struct workload *w, long count, const struct client *clients,
                   int nclients, int rounds)
{
    const struct client *fl = labelled(clients, nclients, w->floor),
                        *ref = labelled(clients, nclients, w->ref);
    int bulk = strstr(w->target, "bytes=") != NULL, i;

    fprintf(out, "\n### %s: %s\n\n", w->name, w->what);
    fprintf(out, "%ld operations, concurrency %d, %d rounds, %s\n\n", count, w->conc, rounds,
            w->one_cpu ? "one processor for both" : "a processor each");
    fprintf(out,
            "| client | %s | min-max | CPU us/op | user | sys | "
            "CPU/floor | CPU/libcurl | wall/floor | wall/libcurl | "
            "peak RSS MiB | RSS B/op | origin us/op | conns | resumed "
            "|\n",
            bulk ? "MiB/s" : "op/s");
    fprintf(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
                 "--:|\n");
    for (i = 0; i < nclients; i++) {
        const struct client *c = &clients[i];
        double lo, hi, m;

        if (c->skip) {
            if (c->why[0])
                fprintf(out, "| %s | fails: %s ||||||||||||||\n", c->label, c->why);
            continue;
        }
        m = mid(c, bulk ? MIBS : RPS, &lo, &hi);
        fprintf(out, "| %s | %.0f | %.0f-%.0f | %.2f | %.2f | %.2f |", c->label, m, lo, hi,
                mid(c, CPU, NULL, NULL), mid(c, USER, NULL, NULL), mid(c, SYS, NULL, NULL));
        put_ratio(out, ratio(c, fl, CPU));
        put_ratio(out, ratio(c, ref, CPU));
        put_ratio(out, ratio(c, fl, WALL));
        put_ratio(out, ratio(c, ref, WALL));
        fprintf(out, " %.1f | %.0f | %.2f | %.0f | %.0f |\n", mid(c, RSS, NULL, NULL),
                mid(c, RSS_OP, NULL, NULL), mid(c, ORIGIN, NULL, NULL), mid(c, CONNS, NULL, NULL),
                mid(c, RESUMED, NULL, NULL));
    }
    fflush(out);
}
