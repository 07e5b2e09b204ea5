/* SPDX-License-Identifier: BSD-3-Clause */
/* The handlers: what the routes lead to, by file. */
#pragma once

struct api_call;
struct json_shape;

void api_builds_put(struct api_call *call);

/* The same for several that have no preconditions; all are answered then. */
void api_builds_put_all(struct api_call *const *calls, unsigned int nr_calls);
void api_builds_get(struct api_call *call);
void api_builds_list(struct api_call *call);
void api_builds_delete(struct api_call *call);

/* Ends the slots at once, where that is sure to be what the call will do. */
void api_builds_delete_ahead(const struct api_call *call);
void api_builds_finish(struct api_call *call);
void api_builds_extend(struct api_call *call);
void api_builds_connect(struct api_call *call);
void api_capture_start(struct api_call *call);
void api_diagnose_build(struct api_call *call);
void api_recorded_attestation(struct api_call *call);
void api_recorded_attestations(struct api_call *call);
void api_recorded_connections(struct api_call *call);
void api_recorded_strays(struct api_call *call);
void api_recorded_tell_strays(struct api_call *call);
void api_recorded_audit(struct api_call *call);
void api_sync_post(struct api_call *call);
void api_events_get(struct api_call *call);
void api_dead_letters_post(struct api_call *call);
void api_status_get(struct api_call *call);
void api_status_pools(struct api_call *call);
void api_status_version(struct api_call *call);
void api_status_metrics(struct api_call *call);
void api_pages_status(struct api_call *call);
void api_pages_build(struct api_call *call);
void api_pages_file(struct api_call *call);
void api_pages_data_status(struct api_call *call);
void api_pages_data_builds(struct api_call *call);
void api_pages_data_build(struct api_call *call);
void api_openapi_get(struct api_call *call);
void api_announcement_get(struct api_call *call);
void api_announcement_drain(struct api_call *call);
void api_announcement_undrain(struct api_call *call);
void api_announcement_store(struct api_call *call);
void api_announcement_fleet_tell(struct api_call *call);

/* What their answers are made of. */
extern const struct json_shape api_builds_list_shape;
extern const struct json_shape api_diagnose_build_shape;
extern const struct json_shape api_recorded_connections_shape;
extern const struct json_shape api_recorded_strays_shape;
extern const struct json_shape api_recorded_audit_shape;
extern const struct json_shape api_recorded_attestations_shape;
extern const struct json_shape api_sync_shape;
extern const struct json_shape api_status_shape;
extern const struct json_shape api_announcement_shape;
extern const struct json_shape api_announcement_fleet_shape;
extern const struct json_shape api_status_pools_shape;
extern const struct json_shape api_status_version_shape;
