/* suites.h - the suites of the unit tests, one a file, named like the file of src/ that it tests.
 */
#ifndef TESTS_UNIT_SUITES_H
#define TESTS_UNIT_SUITES_H

#include <check.h>

#define TEST_SUITES(X)                                                                             \
    X(buffer)                                                                                      \
    X(error)                                                                                       \
    X(fields)                                                                                      \
    X(line)                                                                                        \
    X(scan)                                                                                        \
    X(scan_plain)                                                                                  \
    X(text)                                                                                        \
    X(words)                                                                                       \
    X(head)                                                                                        \
    X(framing)                                                                                     \
    X(chunked)                                                                                     \
    X(coding)                                                                                      \
    X(request_head)                                                                                \
    X(sender)                                                                                      \
    X(exchange)                                                                                    \
    X(structured)                                                                                  \
    X(delay)                                                                                       \
    X(progress)                                                                                    \
    X(document)                                                                                    \
    X(answer)                                                                                      \
    X(dialect)                                                                                     \
    X(dialects)                                                                                    \
    X(patience)                                                                                    \
    X(history)                                                                                     \
    X(message)                                                                                     \
    X(marker)                                                                                      \
    X(marking)                                                                                     \
    X(follow)                                                                                      \
    X(accepted)                                                                                    \
    X(accepted_trouble)                                                                            \
    X(redfish)                                                                                     \
    X(problem)                                                                                     \
    X(cancel_job)                                                                                  \
    X(upload)                                                                                      \
    X(request)                                                                                     \
    X(frugality)                                                                                   \
    X(operation)                                                                                   \
    X(operation_authentication)                                                                    \
    X(operation_cut)                                                                               \
    X(operation_proxy)                                                                             \
    X(response)                                                                                    \
    X(response_job)                                                                                \
    X(rest)                                                                                        \
    X(following)                                                                                   \
    X(ending)                                                                                      \
    X(token)                                                                                       \
    X(resumption)                                                                                  \
    X(multistatus)                                                                                 \
    X(settle)                                                                                      \
    X(loop)                                                                                        \
    X(engines)                                                                                     \
    X(book)                                                                                        \
    X(resolver)                                                                                    \
    X(connection)                                                                                  \
    X(connection_stream)                                                                           \
    X(race)                                                                                        \
    X(tls)                                                                                         \
    X(tls_options)                                                                                 \
    X(tls_tickets)                                                                                 \
    X(queue)                                                                                       \
    X(herd)                                                                                        \
    X(scarcity)                                                                                    \
    X(refusals)                                                                                    \
    X(fairness)                                                                                    \
    X(pool)                                                                                        \
    X(challenge)                                                                                   \
    X(digest)                                                                                      \
    X(authentication)                                                                              \
    X(uri)                                                                                         \
    X(date)                                                                                        \
    X(log)                                                                                         \
    X(route)                                                                                       \
    X(client_async)                                                                                \
    X(client_calls)                                                                                \
    X(client_file)                                                                                 \
    X(client_names)                                                                                \
    X(client_proxy)                                                                                \
    X(client_way)                                                                                  \
    X(client_resume)                                                                               \
    X(client_settle)                                                                               \
    X(client_tls)                                                                                  \
    X(strict)                                                                                      \
    X(client)

#define TEST_SUITE_DECLARE(name) Suite *name##_suite(void);
TEST_SUITES(TEST_SUITE_DECLARE)
#undef TEST_SUITE_DECLARE

#endif
