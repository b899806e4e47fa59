/* Names and numbers of errors (errno(3)). The numbers differ between architectures, so tables have the names, and the
 * numbers come from this machine's errno.h. */
#include "table/words/errno_name.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lib/scan.h"

#define ERROR(name) { name, #name },

/* If two names have one number, the list has the usual one. */
static const struct { int number; const char *name; } errors[] = {
	ERROR(EPERM) ERROR(ENOENT) ERROR(ESRCH) ERROR(EINTR) ERROR(EIO) ERROR(ENXIO) ERROR(E2BIG) ERROR(ENOEXEC)
	ERROR(EBADF) ERROR(ECHILD) ERROR(EAGAIN) ERROR(ENOMEM) ERROR(EACCES) ERROR(EFAULT) ERROR(EBUSY)
	ERROR(EEXIST) ERROR(EXDEV) ERROR(ENODEV) ERROR(ENOTDIR) ERROR(EISDIR) ERROR(EINVAL) ERROR(ENFILE)
	ERROR(EMFILE) ERROR(ENOTTY) ERROR(ETXTBSY) ERROR(EFBIG) ERROR(ENOSPC) ERROR(ESPIPE) ERROR(EROFS)
	ERROR(EMLINK) ERROR(EPIPE) ERROR(EDOM) ERROR(ERANGE) ERROR(EDEADLK) ERROR(ENAMETOOLONG) ERROR(ENOLCK)
	ERROR(ENOSYS) ERROR(ENOTEMPTY) ERROR(ELOOP) ERROR(ENOMSG) ERROR(EIDRM) ERROR(ENODATA) ERROR(ETIME)
	ERROR(EPROTO) ERROR(EBADMSG) ERROR(EOVERFLOW) ERROR(EILSEQ) ERROR(EUSERS) ERROR(ENOTSOCK)
	ERROR(EDESTADDRREQ) ERROR(EMSGSIZE) ERROR(EPROTOTYPE) ERROR(ENOPROTOOPT) ERROR(EPROTONOSUPPORT)
	ERROR(ESOCKTNOSUPPORT) ERROR(EOPNOTSUPP) ERROR(EPFNOSUPPORT) ERROR(EAFNOSUPPORT) ERROR(EADDRINUSE)
	ERROR(EADDRNOTAVAIL) ERROR(ENETDOWN) ERROR(ENETUNREACH) ERROR(ENETRESET) ERROR(ECONNABORTED)
	ERROR(ECONNRESET) ERROR(ENOBUFS) ERROR(EISCONN) ERROR(ENOTCONN) ERROR(ESHUTDOWN) ERROR(ETOOMANYREFS)
	ERROR(ETIMEDOUT) ERROR(ECONNREFUSED) ERROR(EHOSTDOWN) ERROR(EHOSTUNREACH) ERROR(EALREADY) ERROR(EINPROGRESS)
	ERROR(ESTALE) ERROR(EDQUOT) ERROR(ECANCELED) ERROR(EOWNERDEAD) ERROR(ENOTRECOVERABLE)
};

bool errno_scan(const char *text, int64_t *out)
{
	int64_t number;

	if (!strcmp(text, "kill")) {
		*out = ERRNO_KILL;
		return true;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!strcmp(errors[i].name, text)) {
			*out = errors[i].number;
			return true;
		}
	}
	if (!*text || scan_count(text, &number) || number < 0 || number > ERRNO_MOST)
		return false;
	*out = number;
	return true;
}

const char *errno_name(int64_t number)
{
	if (number == ERRNO_KILL)
		return "kill";
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].number == number)
			return errors[i].name;
	}
	return NULL;
}
