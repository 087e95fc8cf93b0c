/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config: any file is read to its end, and each mistake is one line fit to print. No probe is there, so that a
 * config never comes out.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_report report;
	char path[64];
	int fd = memfd_create("kdiagd.yaml", MFD_CLOEXEC);
	ssize_t written = write(fd, data, size);

	assert(fd >= 0 && written == (ssize_t)size && fchmod(fd, 0600) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert(config_load(path, "/nonexistent/probes", &report) == NULL);
	assert(report.errors > 0 && report.count > 0);
	for (size_t i = 0; i < report.count; i++) {
		const char *line = report.lines[i];
		assert(strncmp(line, path, strlen(path)) == 0 && strlen(line) < 2000);
		assert(text_is_utf8(line, strlen(line)) && strpbrk(line, "\n\r\t\x1b\x7f") == NULL);
	}
	config_report_clear(&report);
	close(fd);
	return 0;
}
