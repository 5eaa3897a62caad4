/* upload_parts.h - what the files of an upload share: what is noted of messages, and read from it.
 * May be included by upload*.c. */
#ifndef INTERIM_OPERATION_UPLOAD_PARTS_H
#define INTERIM_OPERATION_UPLOAD_PARTS_H

#include "operation/upload.h"
#include "operation/upload_said.h"

/* Reads what a message says, and notes the limits in it. */
void interim__upload_hear(interim__upload *upload, interim__upload_said *said,
                          const interim__fields *fields, int64_t now);

/* Resolves a URL that the server names for the upload, which gets what is left of the body: as for
 * a redirect of such a request, it is on the origin that the caller named unless that is allowed.
 * Errors: EURL, ENOMEM, and *problem says why. */
int interim__upload_resolve(interim__uri **out, const interim__upload *upload,
                            const interim__uri *from, const interim_field *reference,
                            const char **problem);

/* All messages that name the upload resource name the same one. Errors: EUPLOAD_RULES,
 * ENOMEM, and error is set. */
int interim__upload_note_location(interim__upload *upload, const interim__fields *fields,
                                  const interim__uri *from, interim_error *error);

/* Whether the server is known not to have done the work: it has not got all of it, or it said so by
 * the answer that interrupted the upload. */
bool interim__upload_is_undone(const interim__upload *upload);

/* Whether the server has said that it takes no upload of this length; and the error. */
bool interim__upload_is_too_large(const interim__upload *upload);
int interim__upload_too_large(interim__upload *upload, interim_error *error);

/* How much a request may have after a 413 to one that had more; 0: it was no matter of size. */
int64_t interim__upload_smaller_part(const interim__upload *upload,
                                     const interim__upload_said *said);

#endif
