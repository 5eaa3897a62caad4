/* uploading.h - an operation whose upload may resume: joins upload.h to the machine. May be
 * included by the files of operation.h. */
#ifndef INTERIM_OPERATION_UPLOADING_H
#define INTERIM_OPERATION_UPLOADING_H

#include "operation/operation.h"

/* A connection is there, and a request is about to be written: whether it is one of an upload. */
int interim__uploading_begin(interim__operation *op);

/* The content of the request of this exchange, whether it is part of an upload or not. */
interim__body_source interim__uploading_body(const interim__operation *op);

/* A 104 came. 0, 1 when the request must not go on, or an error; op->error is set. */
int interim__uploading_told(interim__operation *op, interim__progress *progress);

/* Looks at the head of a final response while op->uploading: op->continues tells whether it is
 * about the upload only. */
void interim__uploading_judge(interim__operation *op);

/* ... and it is over. */
void interim__uploading_answered(interim__operation *op);

/* The exchange has failed by op->error, or (code 0) goes on no longer. True: it is seen to. */
bool interim__uploading_lost(interim__operation *op, int code);

/* The wait is over. */
void interim__uploading_ask(interim__operation *op);

/* The server knows of the upload, and has not got all of it. */
bool interim__uploading_unfinished(interim__operation *op);

#endif
