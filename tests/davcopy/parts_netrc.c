/* parts_netrc.c - tests of tools/davcopy/netrc.c. How the file is read, and what is refused then,
 * is in tests/davcopy.sh. */
#include "parts.h"

#include "../../tools/davcopy/netrc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks for the host "dav.example" in a copy of text that has not a byte more than it needs. The
 * answer is as "user/password", or a word. */
static const char *answer(const char *text, size_t length)
{
    static const char *const words[] = {
        [NETRC_FOUND] = "found",
        [NETRC_NOT_FOUND] = "not found",
        [NETRC_INCOMPLETE] = "incomplete",
        [NETRC_MALFORMED] = "malformed",
    };
    static char pair[200];
    const char *user, *password;
    char *copy = calloc(1, length + 1);
    enum netrc_answer got;

    if (!copy)
        exit(2);
    memcpy(copy, text, length);
    got = netrc_find(copy, "dav.example", &user, &password);
    if (got == NETRC_FOUND)
        snprintf(pair, sizeof pair, "%s/%s", user, password);
    free(copy);
    return got == NETRC_FOUND ? pair : words[got];
}

static void expect(const char *text, const char *expected)
{
    const char *got = answer(text, strlen(text));
    char claim[400];

    snprintf(claim, sizeof claim, ".netrc <<%s>> says %s, not %s", text, expected, got);
    check(claim, strcmp(got, expected) == 0);
}

#define OURS "machine dav.example login anna password p"
#define OTHER "machine other.example login x password y\n"

static void test_entries(void)
{
    expect(OURS, "anna/p");
    expect("machine\r\ndav.example\r\nlogin\r\nanna\r\npassword\r\np\r\n", "anna/p");
    expect("machine DAV.example password p login anna account a", "anna/p");
    expect(OTHER OURS "\n" OTHER, "anna/p");
    expect(OURS "\nmachine dav.example login b password q", "anna/p");
    expect(OTHER, "not found");
    expect("machine dav.example.org login a password b", "not found");
    expect("machine xdav.example login a password b", "not found");
    expect("", "not found");
    expect("# " OURS "\n", "not found");
    expect("# a comment\n\n" OURS " # behind\n", "anna/p");
}

static void test_default(void)
{
    expect("default login d password e", "d/e");
    expect(OTHER "default login d password e\n", "d/e");
    expect(OURS "\ndefault login d password e", "anna/p");
    /* What stands behind the default entry is never reached, as in every reader of these files. */
    expect("default login d password e\n" OURS, "d/e");
    expect("default\n" OURS, "incomplete");
}

static void test_incomplete(void)
{
    expect("machine dav.example login anna", "incomplete");
    expect("machine dav.example password p", "incomplete");
    expect("machine dav.example\n" OTHER, "incomplete");
    /* Half an entry is not made whole by another. */
    expect("machine dav.example login anna\n" OTHER "password z", "incomplete");
}

static void test_quotes(void)
{
    expect("machine dav.example login \"an na\" password \"a \\\"b\\\" \\\\\"", "an na/a \"b\" \\");
    expect("machine dav.example login anna password \"\"", "anna/");
    expect("machine dav.example login anna password \"#1\"", "anna/#1");
    expect("machine dav.example login anna password p#1", "anna/p#1");
    expect("machine dav.example login anna password \"machine\"\n", "anna/machine");
    expect("machine dav.example login anna password machine", "anna/machine");
    expect("machine dav.example login anna password p\"q", "anna/p\"q");
    expect("machine dav.example login anna password \"p", "malformed");
    expect("machine dav.example login anna password \"p\n\"", "malformed");
    expect("machine dav.example login anna password \"p\\\"", "malformed");
    expect("machine dav.example login anna password \"p\\", "malformed");
    expect("machine dav.example login anna password \"p\"q", "malformed");
}

static void test_macros(void)
{
    expect("macdef init\n" OURS "\n\n" OTHER, "not found");
    expect("macdef init\nput a b\nquit \"\n\n" OURS, "anna/p");
    expect("macdef init\r\nput a\r\n\r\n" OURS, "anna/p");
    expect("macdef init\n\n" OURS, "anna/p");
    expect("macdef init \nput a\n\n" OURS, "anna/p");
    expect("macdef init\nput a", "not found");
    expect("macdef", "not found");
    expect(OTHER "macdef init\nput a\n\n\n" OURS, "anna/p");
    expect("machine dav.example login anna\nmacdef m\npassword q\n\npassword p", "anna/p");
}

static void test_malformed(void)
{
    expect("machine", "malformed");
    expect("machine dav.example login", "malformed");
    expect("machine dav.example login anna password", "malformed");
    expect("dav.example anna p", "malformed");
    expect("<html><head>", "malformed");
    expect("machine dav.example user anna password p", "malformed");
}

/* Every beginning of a file that has everything ends in an answer, and none reads past its end (as
 * a sanitizer or valgrind sees). */
static void test_every_beginning(void)
{
    static const char all[] =
        "# c\nmacdef m\nx\n\n" OTHER "default login \"d \\\" \\\\\" password \"e\"";
    char claim[100];

    for (size_t length = 0; length < sizeof all; length++) {
        const char *got = answer(all, length);

        snprintf(claim, sizeof claim, "the first %zu bytes of a .netrc: %s", length, got);
        check(claim,
              length == sizeof all - 1 ? strcmp(got, "d \" \\/e") == 0 : strchr(got, '/') == NULL);
    }
}

void test_netrc(void)
{
    test_entries();
    test_default();
    test_incomplete();
    test_quotes();
    test_macros();
    test_malformed();
    test_every_beginning();
}
