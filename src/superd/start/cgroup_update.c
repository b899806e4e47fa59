/* Applies changed settings to the control group of a running service. Settings that the service no longer has return to
 * the kernel's default, so no limit remains that the table does not show. */
#include "superd/start/cgroup_update.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup.h"
#include "superd/start/cgroup_files.h"

#define FILE_MOST (1u << 20)
#define NO_LIMITS " rbps=max wbps=max riops=max wiops=max"

uint32_t cgroup_files(const struct service *service)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	uint32_t bits = 0;

	for (size_t n = 0; cgroup_settings && n < cgroup_file_count; n++) {
		for (size_t i = 0; i < cgroup_settings->count; i++)
			bits |= strcmp(cgroup_file_list[n].file, cgroup_settings->list[i].file) ? 0 : UINT32_C(1) << n;
	}
	return bits;
}

static void write_text(const char *folder, const char *file, const char *text, struct buf *why, const char *option)
{
	if (!cgroup_write(folder, file, text) && why)
		buf_addf(why, "%s: %s/%s: %s\n", option, folder, file, strerror(errno));
}

/* Removes the limits of all devices. */
static void lift_device_limits(const char *folder, struct buf *why)
{
	char path[PATH_MAX], *text, *rest, *line;
	size_t length;

	snprintf(path, sizeof(path), "%s/io.max", folder);
	rest = text = fd_read_file(path, FILE_MOST, &length);
	while ((line = strsep(&rest, "\n"))) {
		char line_text[128];

		if (!*line)
			continue;
		line[strcspn(line, " ")] = '\0';
		snprintf(line_text, sizeof(line_text), "%.32s" NO_LIMITS, line);
		write_text(folder, "io.max", line_text, why, "io_read_bandwidth_max");
	}
	free(text);
}

static void reset_file(const char *path, const struct cgroup_file *file, struct buf *why)
{
	if (!file->default_text)
		lift_device_limits(path, why);
	else
		write_text(path, file->file, file->default_text, file->optional ? NULL : why, file->option);
}

void cgroup_update(const char *path, const struct service *service, uint32_t *had, struct buf *why)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	uint32_t has = cgroup_files(service);

	for (size_t n = 0; n < cgroup_file_count; n++) {
		bool devices = !cgroup_file_list[n].default_text; /* they are written again below */

		if (*had >> n & 1 && (devices || !(has >> n & 1)))
			reset_file(path, &cgroup_file_list[n], why);
	}
	for (size_t n = 0; cgroup_settings && n < cgroup_settings->count; n++) {
		const struct cgroup_attribute *line = &cgroup_settings->list[n];

		write_text(path, line->file, line->text, line->optional ? NULL : why, line->option);
	}
	*had = has;
}
