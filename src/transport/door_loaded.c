/* door_loaded.c - the table from libinterim-tls, loaded: part of the shared library only.
 *
 * It is looked for three times: among what is loaded already, which needs no file system (a program
 * that has to go without one later is linked with it); beside the file that this code is in, if it
 * is known for certain where that is; and where the system looks for libraries. The first that fits
 * is taken. The system counts and locks by itself, and nothing is kept here: any thread may come at
 * any time, and again after a failure. What was loaded stays: OpenSSL would not bear to leave. */
#include "transport/tls_table.h"

#include "base/error.h"
#include "transport/want.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char name[] = "libinterim-tls.so.0";

/* Why there is none: the first reason is the one that tells most. */
typedef struct problem {
    char text[130];
} problem;

static bool fits(const interim__tls_table *table, problem *why)
{
    if (strcmp(table->version, INTERIM_VERSION) == 0 && table->layout == INTERIM__TLS_LAYOUT)
        return true;
    if (why->text[0] == '\0')
        snprintf(why->text, sizeof why->text,
                 "%s is of %.20s, not of this " INTERIM_VERSION
                 ": after an update, start the program again",
                 name, table->version);
    return false;
}

/* The table of that file; NULL: it has none, or none that fits. */
static const interim__tls_table *look_into(const char *file, int how, problem *why)
{
    void *module = dlopen(file, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE | how);
    const interim__tls_table *table = module == NULL ? NULL : dlsym(module, INTERIM__TLS_SYMBOL);
    const char *said = table == NULL && how == 0 ? dlerror() : NULL;

    if (said != NULL && why->text[0] == '\0')
        snprintf(why->text, sizeof why->text, "%s", said);
    if (module != NULL)
        dlclose(module); /* the handle: the code stays */
    return table != NULL && fits(table, why) ? table : NULL;
}

/* The path of the module beside this code; false: it is not known. */
static bool find_beside(char out[PATH_MAX])
{
    Dl_info here;
    int length;

    /* What is relative was so to the directory of somebody else, at another time. */
    if (dladdr(name, &here) == 0 || here.dli_fname == NULL || here.dli_fname[0] != '/')
        return false;
    length = snprintf(out, PATH_MAX, "%.*s/%s",
                      (int)(strrchr(here.dli_fname, '/') - here.dli_fname), here.dli_fname, name);
    return length > 0 && length < PATH_MAX;
}

/* That there was no descriptor for it, say, is told as of a socket: it says nothing of the file. */
static void tell(interim_error *error, interim_stage stage, const problem *why, int os_error)
{
    int code = interim__want_yields(os_error) ? interim__want_code(os_error) : INTERIM_ETLS;

    if (error->code == 0 && code != INTERIM_ETLS)
        error->os_error = os_error;
    interim__error_set(error, code, stage, "no TLS: %s", why->text);
}

const interim__tls_table *interim__tls_open(interim_stage stage, interim_error *error)
{
    problem why = {""};
    char beside[PATH_MAX];
    const interim__tls_table *table;

    errno = 0;
    table = look_into(name, RTLD_NOLOAD, &why);
    if (table == NULL && find_beside(beside))
        table = look_into(beside, 0, &why);
    if (table == NULL)
        table = look_into(name, 0, &why);
    if (table == NULL)
        tell(error, stage, &why, errno);
    return table;
}
