/* Makes seccomp filters with libseccomp.
 *
 * A 64-bit kernel also accepts the system calls of its 32-bit architectures, so a filter for one architecture can be
 * bypassed. Each filter covers all architectures that this kernel runs, or those in system_call_architectures; then a
 * call of any other one kills the process. */
#include "exec/sandbox/seccomp.h"

#ifdef HAVE_LIBSECCOMP
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "exec/sandbox/seccomp_internal.h"

#define FAMILY_MOST 3
#define PROGRAM_MOST (4096 * sizeof(struct sock_filter))        /* BPF_MAXINSNS */

/* libseccomp's architectures, in the order of system_call_architectures' words; 0: unknown to this libseccomp. */
static const uint32_t architectures_by_word[] = {
	SCMP_ARCH_NATIVE,      SCMP_ARCH_X86,	  SCMP_ARCH_X86_64,    SCMP_ARCH_X32,	 SCMP_ARCH_ARM,
	SCMP_ARCH_AARCH64,
#ifdef SCMP_ARCH_LOONGARCH64
	SCMP_ARCH_LOONGARCH64,
#else
	0,
#endif
	SCMP_ARCH_MIPS,	       SCMP_ARCH_MIPS64,  SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64,
	SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_PARISC,  SCMP_ARCH_PARISC64,  SCMP_ARCH_PPC,	 SCMP_ARCH_PPC64,
	SCMP_ARCH_PPC64LE,     SCMP_ARCH_RISCV64, SCMP_ARCH_S390,      SCMP_ARCH_S390X,
};

/* Architectures that run on one kernel; the first is the kernel's own. */
static const uint32_t families[][FAMILY_MOST] = {
	{ SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 }, { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
	{ SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 },
	{ SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 }, { SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC },
	{ SCMP_ARCH_PPC64, SCMP_ARCH_PPC }, { SCMP_ARCH_S390X, SCMP_ARCH_S390 },
};

static void add_architecture(struct seccomp_filter *filter, uint32_t architecture)
{
	for (size_t n = 0; n < filter->count; n++) {
		if (filter->architectures[n] == architecture)
			return;
	}
	if (architecture && filter->count < ARCHITECTURES_MOST)
		filter->architectures[filter->count++] = architecture;
}

static bool is_of_family(const uint32_t *family, uint32_t architecture)
{
	for (size_t n = 0; n < FAMILY_MOST; n++) {
		if (family[n] == architecture)
			return true;
	}
	return false;
}

/* A 32-bit superd may run on a 64-bit kernel, so all of its family are added. */
static void add_local(struct seccomp_filter *filter)
{
	uint32_t native = seccomp_arch_native();

	for (size_t family = 0; family < sizeof(families) / sizeof(families[0]); family++) {
		for (size_t n = 0; is_of_family(families[family], native) && n < FAMILY_MOST; n++)
			add_architecture(filter, families[family][n]);
	}
}

static void choose_architectures(struct seccomp_filter *filter, unsigned wanted)
{
	add_architecture(filter, seccomp_arch_native());
	if (!wanted)
		add_local(filter);
	for (size_t n = 1; n < sizeof(architectures_by_word) / sizeof(architectures_by_word[0]); n++) {
		if (wanted >> n & 1)
			add_architecture(filter, architectures_by_word[n]);
	}
}

static scmp_filter_ctx open_context(uint32_t architecture, uint32_t default_action, bool is_bound)
{
	scmp_filter_ctx context = seccomp_init(default_action);

	if (!context)
		return NULL;
	if (architecture != seccomp_arch_native() &&
	    (seccomp_arch_remove(context, seccomp_arch_native()) < 0 || seccomp_arch_add(context, architecture) < 0)) {
		seccomp_release(context);
		return NULL;
	}
	/* An architecture that libseccomp does not know would bypass the filter, so its calls fail with ENOSYS. */
	if (seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH,
			     is_bound ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS)) < 0) {
		seccomp_release(context);
		return NULL;
	}
	seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
	return context;
}

static void seccomp_filter_open(struct seccomp_filter *filter, const struct service *service, uint32_t default_action)
{
	unsigned wanted = service->groups->syscalls->system_call_architectures;

	memset(filter, 0, sizeof(*filter));
	choose_architectures(filter, wanted);
	for (size_t n = 0; n < filter->count; n++) {
		filter->contexts[n] = open_context(filter->architectures[n], default_action, wanted);
		if (!filter->contexts[n])
			filter->error = ENOMEM;
	}
}

static void seccomp_filter_close(struct seccomp_filter *filter)
{
	for (size_t n = 0; n < filter->count; n++) {
		if (filter->contexts[n])
			seccomp_release(filter->contexts[n]);
	}
	free(filter->unified);
}

/* Merges all contexts into the first. */
static bool merge_contexts(struct seccomp_filter *filter)
{
	for (size_t n = 1; n < filter->count && !filter->error; n++) {
		filter->error = -seccomp_merge(filter->contexts[0], filter->contexts[n]);
		if (!filter->error)
			filter->contexts[n] = NULL;     /* the first one owns it now */
	}
	return !filter->error;
}

/* Exports libseccomp's instructions. It writes to a descriptor, here a file in memory. */
static char *export_rest(struct seccomp_filter *filter, size_t *length)
{
	char *program = NULL;
	int fd = memfd_create("filter", MFD_CLOEXEC);

	if (fd < 0)
		filter->error = errno;
	else
		filter->error = -seccomp_export_bpf(filter->contexts[0], fd);
	if (!filter->error && lseek(fd, 0, SEEK_SET) == 0)
		program = fd_read_all(fd, PROGRAM_MOST, length);
	if (!filter->error && (!program || !*length))
		filter->error = errno;  /* EFBIG: longer than the kernel allows */
	fd_close(&fd);
	return program;
}

/* superd's own instructions, followed by libseccomp's. */
static char *export_program(struct seccomp_filter *filter, size_t *length)
{
	size_t own = seccomp_unified_write(filter, NULL) * sizeof(struct sock_filter), rest = 0;
	char *behind = export_rest(filter, &rest), *program = NULL;

	if (!filter->error && own + rest > PROGRAM_MOST)
		filter->error = EFBIG;
	if (!filter->error)
		program = malloc(own + rest);
	if (program) {
		seccomp_unified_write(filter, (struct sock_filter *)(void *)program);
		memcpy(program + own, behind, rest);
		*length = own + rest;
	} else if (!filter->error) {
		filter->error = ENOMEM;
	}
	free(behind);
	return program;
}

static const struct sock_fprog *seccomp_filter_keep(struct seccomp_filter *filter, struct pool *pool)
{
	const void *instructions = NULL;
	struct sock_fprog program;
	size_t length = 0;
	char *bytes;

	if (filter->error || !merge_contexts(filter))
		return NULL;
	/* A binary tree, if libseccomp has it. */
	seccomp_attr_set(filter->contexts[0], SCMP_FLTATR_CTL_OPTIMIZE, 2);
	bytes = export_program(filter, &length);
	if (!filter->error)
		instructions = pool_keep(pool, bytes, length);
	free(bytes);
	memset(&program, 0, sizeof(program));
	program.len = (unsigned short)(length / sizeof(struct sock_filter));
	program.filter = (struct sock_filter *)(uintptr_t)instructions;
	return instructions ? pool_keep(pool, &program, sizeof(program)) : NULL;
}

static const struct sock_fprog *make_restrictions(const struct service *service, struct pool *pool, int *error)
{
	const struct sock_fprog *program;
	struct seccomp_filter filter;

	seccomp_filter_open(&filter, service, SCMP_ACT_ALLOW);
	seccomp_filter_restrict(&filter, service);
	program = seccomp_filter_keep(&filter, pool);
	*error = filter.error;
	seccomp_filter_close(&filter);
	return program;
}

static const struct sock_fprog *make_list(const struct service *service, struct pool *pool, struct diags *diags,
					  int *error)
{
	const struct sock_fprog *program;
	struct seccomp_filter filter;

	seccomp_filter_open(&filter, service, seccomp_filter_default(service));
	seccomp_filter_list(&filter, service, diags);
	program = seccomp_filter_keep(&filter, pool);
	*error = filter.error;
	seccomp_filter_close(&filter);
	return program;
}

/* A list of allowed calls is installed last, as it need not allow the installation of others. */
bool seccomp_make(const struct service *service, struct pool *pool, struct diags *diags,
		  const struct sock_fprog *const **filters)
{
	const struct syscall_options *calls = service->groups->syscalls;
	const struct sock_fprog *made[3] = { 0 };
	size_t count = 0;
	int error = 0;

	*filters = NULL;
	if (seccomp_filter_is_restricted(service) || (calls->system_call_architectures && !calls->system_call_filter))
		made[count++] = make_restrictions(service, pool, &error);
	if (!error && calls->system_call_filter)
		made[count++] = make_list(service, pool, diags, &error);
	if (!count)
		return true;
	if (!error && made[count - 1])
		*filters = pool_keep(pool, made, (count + 1) * sizeof(made[0]));
	if (!*filters)
		diag_error(diags, service->at, "%s: making its filter of system calls: %s", service->name,
			   strerror(error ? error : ENOMEM));
	return *filters;
}
#else
/* Without libseccomp preflight refuses options that need filters. */
bool seccomp_make(const struct service *service, struct pool *pool, struct diags *diags,
		  const struct sock_fprog *const **filters)
{
	(void)service, (void)pool, (void)diags;
	*filters = NULL;
	return true;
}
#endif
