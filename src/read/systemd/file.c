/* A file of a unit: whether superd can read it, and its lines. */
#include "read/systemd/internal.h"

#include <sys/stat.h>

bool unit_file_read(struct reading *reading, const char *path, struct unit *unit, struct unit_text *text)
{
	struct source_file source;

	if (reading->files >= READING_FILES) {
		diag_error(reading->diags, ((struct origin){ .file = path }), "more than %d files in one configuration",
			   READING_FILES);
		return false;
	}
	reading->files++;
	if (!source_load_in_parts(&source, path, reading->table->pool, reading->diags))
		return false;
	unit->files++;
	unit_text_add(text, &source);
	source_free(&source);
	return true;
}

enum unit_file unit_file_look(struct reading *reading, const char *path)
{
	struct stat status, null;

	if (stat(path, &status) < 0)
		return UNIT_FILE_FULL;
	if (S_ISCHR(status.st_mode) && stat("/dev/null", &null) == 0 && S_ISCHR(null.st_mode) &&
	    status.st_rdev == null.st_rdev)
		return UNIT_FILE_EMPTY;
	if (!S_ISREG(status.st_mode))
		return UNIT_FILE_FULL;
	if (!reading_may_read(reading, path, &status))
		return UNIT_FILE_REFUSED;
	return status.st_size ? UNIT_FILE_FULL : UNIT_FILE_EMPTY;
}
