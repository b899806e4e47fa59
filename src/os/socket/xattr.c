/* Extended attributes of sockets (xattr(7)), which varlink tools read. Few kernels support them on sockets without a
 * node, so failures are ignored. */
#include <string.h>
#include <sys/xattr.h>

#include "os/rights/own_privileges.h"
#include "os/socket/bind_internal.h"

#define NAME_MOST 256 /* XATTR_NAME_MAX and a NUL */

/* Splits NAME=value. false: it has another form, which config/check/check has refused. */
static bool split_attribute(const char *attribute, char name[NAME_MOST], const char **value)
{
	size_t length = strcspn(attribute, "=");

	if (!attribute[length] || length >= NAME_MOST)
		return false;
	memcpy(name, attribute, length);
	name[length] = '\0';
	*value = attribute + length + 1;
	return true;
}

void xattr_set_node(const char *path, words attributes)
{
	char name[NAME_MOST];
	const char *value;
	uint64_t before;

	if (!attributes || !*attributes)
		return;
	before = own_privileges_raise(); /* for names in trusted.* and security.* */
	for (; *attributes; attributes++) {
		if (split_attribute(*attributes, name, &value))
			lsetxattr(path, name, value, strlen(value), 0);
	}
	own_privileges_use(before);
}

void xattr_set_open(int fd, words attributes)
{
	char name[NAME_MOST];
	const char *value;
	uint64_t before;

	if (!attributes || !*attributes)
		return;
	before = own_privileges_raise();
	for (; *attributes; attributes++) {
		if (split_attribute(*attributes, name, &value))
			fsetxattr(fd, name, value, strlen(value), 0);
	}
	own_privileges_use(before);
}
