/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_BY_HAND_H
#define TESTS_IO_BY_HAND_H

/* An architecture, written by hand. */
static const char by_hand[] =
    "{\"version\": 1, \"layers\": ["
    "{\"type\": \"input\", \"name\": \"x\", \"shape\": [4]},"
    "{\"type\": \"linear\", \"name\": \"y\", \"inputs\": [\"x\"], \"options\": {\"units\": 2}},"
    "{\"type\": \"tanh\", \"name\": \"z\", \"inputs\": [\"y\"]}], \"outputs\": [\"z\"]}\n";

#endif
