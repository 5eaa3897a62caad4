/* Tests of src/transport/resolver.c, desk.c and address.c, with both engines. Names are those of
 * support/names.h; nothing asks the network. */
#include "transport/resolver.h"

#include "transport/desk.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/names.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

#define KEEP_NS INT64_C(60000000000)

static interim__loop *loop;
static interim__resolver *resolver;

/* A lookup, and what it was told. */
struct question {
    interim__lookup lookup; /* first */
    int done;
    int error, os_error;
    uint32_t answer;
    size_t count;
    char text[4][INTERIM__ADDRESS_TEXT];
    struct question *forget; /* when told */
    const char *ask;         /* when told */
};

static void answered(interim__lookup *lookup, const interim__found *found)
{
    struct question *question = (struct question *)(void *)lookup;
    const char *ask = question->ask;

    if (lookup->at == NULL) /* it is not under way any more */
        question->done++;
    question->error = found->error;
    question->os_error = found->os_error;
    question->answer = found->answer;
    question->count = found->count;
    for (size_t i = 0; i < found->count && i < 4; i++)
        interim__address_text(&found->addresses[i], question->text[i], sizeof question->text[i]);
    if (question->forget != NULL)
        interim__resolver_forget(resolver, &question->forget->lookup);
    question->ask = NULL;
    if (ask != NULL && interim__resolver_ask(resolver, lookup, ask) < 0)
        question->done = -100;
}

static void ask(struct question *question, const char *host)
{
    memset(question, 0, sizeof *question);
    question->lookup.done = answered;
    ck_assert_int_eq(interim__resolver_ask(resolver, &question->lookup, host), 0);
    ck_assert_int_eq(question->done, 0);
    ck_assert_ptr_nonnull(question->lookup.at);
}

static void turn(int timeout_ms)
{
    ck_assert_int_eq(interim__loop_turn(loop, timeout_ms), 0);
}

static void wait_done(const struct question *question)
{
    for (int turns = 0; question->done == 0; turns++) {
        ck_assert_int_lt(turns, 200);
        turn(2000);
    }
    ck_assert_int_eq(question->done, 1);
}

static void begin(int engine)
{
    names_reset();
    ck_assert_int_eq(interim__loop_new(&loop, engines[engine]), 0);
    ck_assert_int_eq(interim__resolver_new(&resolver, loop, KEEP_NS), 0);
}

static void end(void)
{
    interim__resolver_free(resolver);
    interim__loop_free(loop);
    names_release();
    names_wait_idle();
}

START_TEST(texts_and_literals_agree)
{
    static const struct {
        const char *host, *text;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:443"},
        {"0.0.0.0", "0.0.0.0:443"},
        {"255.255.255.255", "255.255.255.255:443"},
        {"::1", "[::1]:443"},
        {"2001:db8::A", "[2001:db8::a]:443"},
        {"fe80::1%lo", "[fe80::1%lo]:443"},
        {"fe80::1%1", "[fe80::1%lo]:443"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:443"},
    };
    interim__address address;
    char text[INTERIM__ADDRESS_TEXT], small[8];

    names_reset();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(interim__address_parse(&address, cases[i].host, 443));
        interim__address_text(&address, text, sizeof text);
        ck_assert_str_eq(text, cases[i].text);
    }
    ck_assert(interim__address_parse(&address, "192.0.2.1", 65535));
    interim__address_text(&address, text, sizeof text);
    ck_assert_str_eq(text, "192.0.2.1:65535");
    interim__address_text(&address, small, sizeof small);
    ck_assert_str_eq(small, "192.0.2");
    ck_assert_int_eq(names_calls(), 0);
}
END_TEST

START_TEST(a_name_has_all_its_addresses)
{
    struct question question;

    begin(_i);
    names_add("two.test", "192.0.2.1 2001:db8::1 192.0.2.2", 0, false);
    ask(&question, "two.test");
    wait_done(&question);
    ck_assert_int_eq(question.error, 0);
    ck_assert_uint_eq(question.count, 3);
    ck_assert_str_eq(question.text[0], "192.0.2.1:0");
    ck_assert_str_eq(question.text[1], "[2001:db8::1]:0");
    ck_assert_str_eq(question.text[2], "192.0.2.2:0");
    end();
}
END_TEST

START_TEST(a_failure_has_its_reason)
{
    static const struct {
        int status, left, error, os_error;
    } cases[] = {
        {EAI_NONAME, 0, INTERIM_ERESOLVE, EAI_NONAME},
        {EAI_NONAME, ENOENT, INTERIM_ERESOLVE, EAI_NONAME},
        {EAI_NONAME, EADDRNOTAVAIL, INTERIM_ERESOLVE, EAI_NONAME}, /* of a name server */
        {EAI_NONAME, EMFILE, INTERIM_ESYSTEM, EMFILE},
        {EAI_NONAME, ENOMEM, INTERIM_ENOMEM, ENOMEM},
        {EAI_AGAIN, ECONNREFUSED, INTERIM_ERESOLVE, EAI_AGAIN},
        {EAI_AGAIN, ENFILE, INTERIM_ESYSTEM, ENFILE},
        {EAI_MEMORY, 0, INTERIM_ENOMEM, ENOMEM},
        {EAI_SYSTEM, EMFILE, INTERIM_ESYSTEM, EMFILE},
        {EAI_SYSTEM, EIO, INTERIM_ESYSTEM, EIO},
    };
    struct question question;

    begin(_i);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char host[16];

        snprintf(host, sizeof host, "bad%zu.test", i);
        names_add_failure(host, cases[i].status, cases[i].left);
        ask(&question, host);
        wait_done(&question);
        ck_assert_int_eq(question.error, cases[i].error);
        ck_assert_int_eq(question.os_error, cases[i].os_error);
        ck_assert_uint_eq(question.count, 0);
        names_wait_idle();
        names_reset();
    }
    end();
}
END_TEST

START_TEST(equal_lookups_are_one)
{
    struct question same[3], other;

    begin(_i);
    names_add("one.test", "192.0.2.1", 0, true);
    names_add("other.test", "192.0.2.2", 0, true);
    ask(&same[0], "one.test");
    names_wait_asked(1);
    ask(&same[1], "one.test");
    ask(&same[2], "ONE.test");
    ask(&other, "other.test");
    names_wait_asked(2);
    turn(0);
    ck_assert_int_eq(same[0].done, 0);
    names_release();
    for (int i = 0; i < 3; i++) {
        wait_done(&same[i]);
        ck_assert_str_eq(same[i].text[0], "192.0.2.1:0");
    }
    wait_done(&other);
    ck_assert_str_eq(other.text[0], "192.0.2.2:0");
    ck_assert_int_eq(names_asked(), 2);
    end();
}
END_TEST

START_TEST(a_thousand_lookups_are_one)
{
    enum { COUNT = 1000 };
    static struct question questions[COUNT];

    begin(_i);
    names_add("busy.test", "192.0.2.1", 0, true);
    for (int i = 0; i < COUNT; i++)
        ask(&questions[i], "busy.test");
    for (int i = 0; i < COUNT; i += 2)
        interim__resolver_forget(resolver, &questions[i].lookup);
    names_release();
    wait_done(&questions[COUNT - 1]);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(questions[i].done, i % 2);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

START_TEST(an_answer_is_used_again)
{
    struct question question;

    begin(_i);
    names_add("kept.test", "192.0.2.1 2001:db8::1", 0, false);
    for (int i = 0; i < 3; i++) {
        ask(&question, i == 2 ? "Kept.Test" : "kept.test");
        wait_done(&question);
        ck_assert_int_eq(question.error, 0);
        ck_assert_uint_eq(question.count, 2);
        ck_assert_str_eq(question.text[1], "[2001:db8::1]:0");
    }
    ck_assert_int_eq(names_asked(), 1);
    interim__resolver_clear(resolver);
    ask(&question, "kept.test");
    wait_done(&question);
    ck_assert_int_eq(names_asked(), 2);
    end();
}
END_TEST

START_TEST(a_failure_is_used_again)
{
    static const struct {
        int status, left, asked;
    } cases[] = {{EAI_NONAME, 0, 1},
                 {EAI_AGAIN, 0, 1},
                 {EAI_MEMORY, 0, 2},
                 {EAI_SYSTEM, EMFILE, 2},
                 {EAI_NONAME, EMFILE, 2}};
    static char hosts[5][16];
    struct question question;

    begin(_i);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *host = hosts[i];
        int before = names_asked();

        snprintf(host, sizeof hosts[i], "bad%zu.test", i);
        names_add_failure(host, cases[i].status, cases[i].left);
        for (int k = 0; k < 2; k++) {
            ask(&question, host);
            wait_done(&question);
            ck_assert_int_lt(question.error, 0);
        }
        /* A second may pass on a machine that is busy. */
        ck_assert(names_asked() - before == cases[i].asked || cases[i].status == EAI_AGAIN);
        names_wait_idle();
    }
    end();
}
END_TEST

START_TEST(nothing_is_kept_unless_it_may_be)
{
    struct question question;

    begin(_i);
    interim__resolver_free(resolver);
    ck_assert_int_eq(interim__resolver_new(&resolver, loop, -1), 0);
    names_add("some.test", "192.0.2.1", 0, false);
    for (int i = 1; i < 4; i++) {
        ask(&question, "some.test");
        wait_done(&question);
        ck_assert_int_eq(names_asked(), i);
    }
    end();
}
END_TEST

START_TEST(what_leads_nowhere_is_asked_again)
{
    struct question first, second;

    begin(_i);
    names_add("moved.test", "192.0.2.1", 0, false);
    ask(&first, "moved.test");
    wait_done(&first);
    interim__resolver_strike(resolver, "moved.test", first.answer);
    ask(&second, "moved.test");
    wait_done(&second);
    ck_assert_int_eq(names_asked(), 2);
    /* Who comes late with the old answer does not harm the new one. */
    interim__resolver_strike(resolver, "moved.test", first.answer);
    ask(&first, "moved.test");
    wait_done(&first);
    ck_assert_int_eq(names_asked(), 2);
    end();
}
END_TEST

START_TEST(a_lookup_from_before_is_not_joined)
{
    struct question before, after;

    begin(_i);
    names_add("vpn.test", "192.0.2.1", 0, true);
    ask(&before, "vpn.test");
    names_wait_asked(1);
    interim__resolver_clear(resolver);
    ask(&after, "vpn.test");
    names_wait_asked(2);
    names_release();
    wait_done(&before);
    wait_done(&after);
    end();
}
END_TEST

START_TEST(a_crowd_of_addresses_is_cut)
{
    struct question question;

    begin(_i);
    names_add_crowd("crowd.test", 1000, 1000);
    names_add("twice.test", "192.0.2.1 192.0.2.1 2001:db8::1 192.0.2.1", 0, false);
    names_add("empty.test", "", 0, false);
    ask(&question, "crowd.test");
    wait_done(&question);
    ck_assert_uint_eq(question.count, 32);
    ck_assert_str_eq(question.text[0], "[2001:db8::1]:0");
    ask(&question, "twice.test");
    wait_done(&question);
    ck_assert_uint_eq(question.count, 2);
    ask(&question, "empty.test");
    wait_done(&question);
    ck_assert_int_eq(question.error, INTERIM_ERESOLVE);
    ck_assert_int_eq(question.os_error, EAI_NONAME);
    end();
}
END_TEST

START_TEST(localhost_is_asked_for_with_both_families)
{
    struct question question;

    begin(_i);
    names_add("localhost", "::1 127.0.0.1", 0, false);
    names_add("far.test", "192.0.2.1", 0, false);
    ask(&question, "LocalHost");
    wait_done(&question);
    ck_assert_uint_eq(question.count, 2);
    ck_assert_int_eq(names_flags() & AI_ADDRCONFIG, 0);
    ask(&question, "far.test");
    wait_done(&question);
    ck_assert_int_ne(names_flags() & AI_ADDRCONFIG, 0);
    end();
}
END_TEST

START_TEST(what_is_forgotten_is_not_told)
{
    struct question kept, forgotten, alone;

    begin(_i);
    names_add("held.test", "192.0.2.1", 0, true);
    names_add("alone.test", "192.0.2.1", 0, true);
    ask(&forgotten, "held.test");
    ask(&kept, "held.test");
    ask(&alone, "alone.test");
    names_wait_asked(2);
    interim__resolver_forget(resolver, &forgotten.lookup);
    interim__resolver_forget(resolver, &forgotten.lookup); /* twice is nothing */
    interim__resolver_forget(resolver, &alone.lookup);
    ck_assert_ptr_null(forgotten.lookup.at);
    names_release();
    wait_done(&kept);
    names_wait_idle();
    turn(0);
    turn(0);
    ck_assert_int_eq(forgotten.done, 0);
    ck_assert_int_eq(alone.done, 0);
    ask(&alone, "held.test");
    interim__resolver_forget(resolver, &alone.lookup); /* what the book knows, too */
    turn(0);
    turn(0);
    ck_assert_int_eq(alone.done, 0);
    end();
}
END_TEST

START_TEST(a_lookup_that_nobody_waits_for_can_be_joined)
{
    struct question first, second, third;

    begin(_i);
    names_add("slow.test", "192.0.2.1", 0, true);
    ask(&first, "slow.test");
    names_wait_asked(1);
    interim__resolver_forget(resolver, &first.lookup);
    ask(&second, "slow.test");
    interim__resolver_forget(resolver, &second.lookup);
    names_release();
    names_wait_idle();
    ask(&third, "slow.test"); /* joins it, or is told what came of it */
    wait_done(&third);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

START_TEST(a_callback_may_forget_and_ask)
{
    struct question one, two, three;

    begin(_i);
    names_add("held.test", "192.0.2.1", 0, true);
    ask(&one, "held.test");
    ask(&two, "held.test");
    one.forget = &two;
    two.forget = &one;
    names_release();
    names_wait_asked(1);
    for (int turns = 0; one.done + two.done == 0; turns++)
        turn(2000);
    turn(0);
    ck_assert_int_eq(one.done + two.done, 1);

    ask(&three, "held.test");
    three.ask = "held.test"; /* the same once more, from within */
    turn(0);
    ck_assert_int_eq(three.done, 1);
    turn(0);
    ck_assert_int_eq(three.done, 2);
    turn(0);
    ck_assert_int_eq(three.done, 2);
    end();
}
END_TEST

START_TEST(freeing_does_not_wait)
{
    struct question running, known;

    begin(_i);
    names_add("known.test", "192.0.2.1", 0, false);
    names_add("stuck.test", "192.0.2.1", 0, true);
    ask(&known, "known.test");
    wait_done(&known);
    ask(&known, "known.test");
    ask(&running, "stuck.test");
    names_wait_asked(2);
    end(); /* lets the thread go after the resolver was freed */
    ck_assert_int_eq(running.done, 0);
    ck_assert_int_eq(known.done, 0);
    ck_assert_ptr_null(running.lookup.at);
    ck_assert_ptr_null(known.lookup.at);
}
END_TEST

START_TEST(a_name_that_hangs_blocks_no_other)
{
    enum { STUCK = 20 };
    static struct question stuck[STUCK];
    static char hosts[STUCK][24];
    struct question quick;

    begin(_i);
    names_add("quick.test", "192.0.2.1", 0, false);
    for (int i = 0; i < STUCK; i++) {
        snprintf(hosts[i], sizeof hosts[i], "h%d.test", i);
        names_add(hosts[i], "192.0.2.1", 0, true);
        ask(&stuck[i], hosts[i]);
    }
    ask(&quick, "quick.test");
    wait_done(&quick);
    ck_assert_int_eq(quick.error, 0);
    for (int i = 0; i < STUCK; i++)
        ck_assert_int_eq(stuck[i].done, 0);
    end();
}
END_TEST

START_TEST(threads_are_limited)
{
    enum { COUNT = 100 };
    static struct question questions[COUNT];
    static char hosts[COUNT][24];
    int told = 0;

    begin(_i);
    for (int i = 0; i < COUNT; i++) {
        snprintf(hosts[i], sizeof hosts[i], "h%d.test", i);
        names_add(hosts[i], "192.0.2.1", 0, true);
        ask(&questions[i], hosts[i]);
    }
    names_wait_asked(INTERIM__DESK_THREADS);
    turn(0);
    ck_assert_int_eq(names_asked(), INTERIM__DESK_THREADS);
    for (int turns = 0; names_asked() < INTERIM__DESK_THREADS_MOST && turns < 100; turns++)
        turn(1000); /* they are stuck: more are hired */
    for (int i = 0; i < 3; i++)
        turn(600);
    ck_assert_int_eq(names_asked(), INTERIM__DESK_THREADS_MOST);
    interim__resolver_forget(resolver, &questions[COUNT - 1].lookup); /* never began */
    interim__resolver_forget(resolver, &questions[70].lookup);
    names_release();
    for (int turns = 0; told < COUNT - 2 && turns < 500; turns++) {
        turn(2000);
        told = 0;
        for (int i = 0; i < COUNT; i++)
            told += questions[i].done;
    }
    ck_assert_int_eq(told, COUNT - 2);
    ck_assert_int_eq(names_asked(), COUNT - 2);
    end();
}
END_TEST

START_TEST(freeing_drops_what_has_not_begun)
{
    enum { COUNT = 80 };
    static struct question questions[COUNT];
    static char hosts[COUNT][24];

    begin(_i);
    for (int i = 0; i < COUNT; i++) {
        snprintf(hosts[i], sizeof hosts[i], "h%d.test", i);
        names_add(hosts[i], "192.0.2.1", 0, true);
        ask(&questions[i], hosts[i]);
    }
    names_wait_asked(INTERIM__DESK_THREADS);
    end();
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(questions[i].done, 0);
    ck_assert_int_eq(names_asked(), INTERIM__DESK_THREADS);
}
END_TEST

/* Check allocates too: nothing is asserted between arming and disarming. */
static int resolve_once(int engine, const char *host, struct question *question)
{
    int status;

    memset(question, 0, sizeof *question);
    question->lookup.done = answered;
    status = interim__loop_new(&loop, engines[engine]);
    if (status < 0)
        return status;
    status = interim__resolver_new(&resolver, loop, KEEP_NS);
    if (status == 0) {
        status = interim__resolver_ask(resolver, &question->lookup, host);
        if (status < 0 && question->lookup.at != NULL)
            status = 1;
        while (status == 0 && question->done == 0)
            interim__loop_turn(loop, 1000);
        interim__resolver_free(resolver);
    }
    interim__loop_free(loop);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    bool failed = true;

    names_reset();
    names_add("some.test", "192.0.2.1", 0, false);
    for (unsigned long n = 1; failed; n++) {
        struct question question;
        int status;

        failing_alloc_arm(n);
        status = resolve_once(_i, "some.test", &question);
        failed = failing_alloc_disarm();
        ck_assert(status == 0 || (failed && status == INTERIM_ENOMEM));
        ck_assert_int_eq(question.done, status == 0 ? 1 : 0);
        ck_assert(question.error == 0 || (failed && question.error == INTERIM_ENOMEM));
        ck_assert_uint_lt(n, 50);
    }
    names_wait_idle();
}
END_TEST

START_TEST(a_thread_takes_no_signals)
{
    struct question question;
    sigset_t before, after;

    begin(_i);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    names_add("a.test", "192.0.2.1", 0, false);
    ask(&question, "a.test");
    wait_done(&question);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++)
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    ck_assert(names_signals_blocked());
    end();
}
END_TEST

START_TEST(texts_of_addresses)
{
    interim__address address;
    char text[INTERIM__ADDRESS_TEXT];

    ck_assert(!interim__address_parse(&address, "example.org", 80));
    ck_assert(!interim__address_parse(&address, "1.2.3", 80));
    ck_assert(!interim__address_parse(&address, "", 80));
    ck_assert(!interim__address_parse(&address, "fe80::1%nowhere9", 80));
    ck_assert(!interim__address_parse(&address, "[::1]", 80));
    interim__address_authority("example.org", 443, text, sizeof text);
    ck_assert_str_eq(text, "example.org:443");
    interim__address_authority("::1", 1, text, sizeof text);
    ck_assert_str_eq(text, "[::1]:1");
    ck_assert_str_eq(interim__address_problem(ECONNREFUSED, text, sizeof text),
                     "Connection refused");
    ck_assert_str_eq(interim__address_problem(98765, text, sizeof text), "error 98765");
}
END_TEST

Suite *resolver_suite(void)
{
    const TTest *const both[] = {
        a_name_has_all_its_addresses,
        a_failure_has_its_reason,
        equal_lookups_are_one,
        a_thousand_lookups_are_one,
        an_answer_is_used_again,
        a_failure_is_used_again,
        nothing_is_kept_unless_it_may_be,
        what_leads_nowhere_is_asked_again,
        a_lookup_from_before_is_not_joined,
        a_crowd_of_addresses_is_cut,
        localhost_is_asked_for_with_both_families,
        what_is_forgotten_is_not_told,
        a_lookup_that_nobody_waits_for_can_be_joined,
        a_callback_may_forget_and_ask,
        freeing_does_not_wait,
        a_name_that_hangs_blocks_no_other,
        threads_are_limited,
        freeing_drops_what_has_not_begun,
        every_allocation_may_fail,
        a_thread_takes_no_signals,
    };
    Suite *suite = suite_create("resolver");
    TCase *names = tcase_create("names"), *addresses = tcase_create("addresses");

    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(names, both[i], 0, 2);
    tcase_set_timeout(names, 60);
    tcase_add_test(addresses, texts_of_addresses);
    tcase_add_test(addresses, texts_and_literals_agree);
    suite_add_tcase(suite, names);
    suite_add_tcase(suite, addresses);
    return suite;
}
