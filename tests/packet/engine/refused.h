/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a test that could not load a program has failed, or may not load any here. */
#pragma once

/*
 * For a main() whose set-up gave -errno: tells both apart by a program that no verifier refuses,
 * and prints which it was as TAP. -EACCES is the verifier's word as well as the sandbox's. Result:
 * the exit status of the test: 77 to skip, or 1.
 */
int refused(const char *what, int error);
