/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records/told.h"

#include "api/call/call.h"
#include "json/check.h"
#include "json/decode.h"

json_t *records_told_read(struct api_call *call, const struct json_shape *shape)
{
	char why[JSON_DECODE_WHY_BYTES];
	json_error_t error;
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);
	json_t *told = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);

	if (!told) {
		call_refuse_with(call, PROBLEM_MALFORMED, "The body is not JSON: %s.",
				 json_decode_why(&error, text, bytes, why));
		return NULL;
	}
	if (json_check_shape(shape, told, &call->problem) == 0)
		return told;
	json_decref(told);
	call_refuse(call);
	return NULL;
}
