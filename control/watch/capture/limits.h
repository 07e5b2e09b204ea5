/* SPDX-License-Identifier: BSD-3-Clause */
/* What a capture may be asked for: sallyportd holds to it, and the CLI says so beforehand. */
#pragma once

#define CAPTURE_SECONDS_DEFAULT 60
#define CAPTURE_SECONDS_MAX	3600
#define CAPTURE_PACKETS_DEFAULT 100000
#define CAPTURE_PACKETS_MAX	1000000
