/* upload_said.h - what the fields of a message say of a resumable upload
 * (draft-ietf-httpbis-resumable-upload-12 section 4.1). A field that is malformed, or comes twice,
 * says nothing. May be included by the files of upload.h. */
#ifndef INTERIM_OPERATION_UPLOAD_SAID_H
#define INTERIM_OPERATION_UPLOAD_SAID_H

#include "base/fields.h"

#include <stdint.h>

#define INTERIM__UPLOAD_VERSION "9" /* the interop version, of draft -12 and those since */

typedef struct interim__upload_said {
    bool version;           /* Upload-Draft-Interop-Version is ours */
    int complete;           /* Upload-Complete: 0, 1, or -1 when it is not said */
    int64_t offset, length; /* or -1 */
    int64_t max_size, max_append, min_append, max_age; /* Upload-Limit; or -1 */
} interim__upload_said;

void interim__upload_said_read(interim__upload_said *out, const interim__fields *fields);

#endif
