/* The condition Virtualization. Source: systemd-detect-virt(1).
 *
 * No single file names the container or virtual machine: container engines leave a variable or a file of their own,
 * virtual machines a name in the DMI tables of their firmware. The lists contain what each one shows. */
#include "exec/stages/condition_internal.h"

#include <string.h>

#include "exec/stages/condition.h"
#include "lib/scan.h"

struct virtualization_mark {
	const char *mark, *name;
};

/* Files that container engines create. */
static const struct virtualization_mark container_files[] = {
	{ "/run/.containerenv", "podman" }, { "/.dockerenv", "docker" }, { "/proc/vz", "openvz" },
};
static const char *const container_names[] = {
	"openvz", "lxc", "lxc-libvirt", "systemd-nspawn", "docker", "podman", "rkt", "wsl", "proot", "pouch"
};

/* How the firmware of virtual machines begins its texts. */
static const struct virtualization_mark firmware[] = {
	{ "KVM", "kvm" },	      { "OpenStack", "kvm" },	      { "KubeVirt", "kvm" },
	{ "Amazon EC2", "amazon" },   { "QEMU", "qemu" },	      { "VMware", "vmware" },
	{ "VMW", "vmware" },	      { "innotek GmbH", "oracle" },   { "VirtualBox", "oracle" },
	{ "Oracle Corporation", "oracle" }, { "Xen", "xen" },	      { "Bochs", "bochs" },
	{ "Parallels", "parallels" }, { "BHYVE", "bhyve" },	      { "Hyper-V", "microsoft" },
	{ "Apple Virtualization", "apple" }, { "Google Compute Engine", "google" },
};

/* The value of PID 1's variable "container", or the file in which systemd saves it; "": none. */
static const char *read_container_variable(char *text, unsigned size)
{
	char block[4096];
	size_t length;

	if (*condition_first_line("/run/systemd/container", text, size))
		return text;
	/* The variables are separated by NULs; an empty one ends the block. */
	if (!condition_read_file("/proc/1/environ", block, sizeof(block)))
		return "";
	for (const char *at = block; at < block + sizeof(block) && *at; at += length + 1) {
		length = strnlen(at, (size_t)(block + sizeof(block) - at));
		if (!strncmp(at, "container=", 10)) {
			length = length - 10 < size ? length - 10 : size - 1;
			text[length] = '\0';
			return memcpy(text, at + 10, length);
		}
	}
	return "";
}

/* The container engine; "": not a container. */
static const char *container_name(char *text, unsigned size)
{
	const char *variable = read_container_variable(text, size);

	if (*variable)
		return variable;
	for (size_t n = 0; n < sizeof(container_files) / sizeof(container_files[0]); n++) {
		bool outside = !strcmp(container_files[n].name, "openvz") && condition_path_exists("/proc/bc");

		if (condition_path_exists(container_files[n].mark) && !outside)
			return container_files[n].name;
	}
	return "";
}

static const char *firmware_name(void)
{
	static const char *const files[] = {
		"/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/board_vendor",
		"/sys/class/dmi/id/bios_vendor", "/sys/class/dmi/id/product_version",
	};
	char text[128];

	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++) {
		condition_first_line(files[n], text, sizeof(text));
		for (size_t m = 0; m < sizeof(firmware) / sizeof(firmware[0]); m++) {
			if (!strncmp(text, firmware[m].mark, strlen(firmware[m].mark)))
				return firmware[m].name;
		}
	}
	return "";
}

/* The CPU flag that a hypervisor sets for its guests. */
static bool has_hypervisor(void)
{
	char text[8192];

	return condition_read_file("/proc/cpuinfo", text, sizeof(text)) && strstr(text, " hypervisor");
}

static const char *machine_name(char *text, unsigned size)
{
	const char *name = firmware_name();

	if (*name)
		return name;
	if (*condition_first_line("/sys/hypervisor/type", text, size))
		return text;
	return has_hypervisor() ? "vm-other" : "";
}

/* Whether the user namespace does not map all ids as the initial one does. */
static bool has_private_users(void)
{
	static const char *const whole[] = { "0", "0", "4294967295" };
	bool differs = false;
	char text[64];

	for (const char *at = condition_first_line("/proc/self/uid_map", text, sizeof(text)), *const *number = whole;
	     number < whole + 3; number++) {
		size_t length = strcspn(at += strspn(at, " "), " ");

		if (!length)
			return false;
		differs |= length != strlen(*number) || memcmp(at, *number, length) != 0;
		at += length;
	}
	return differs;
}

static bool is_container_name(const char *text)
{
	for (size_t n = 0; n < sizeof(container_names) / sizeof(container_names[0]); n++) {
		if (!strcmp(container_names[n], text))
			return true;
	}
	return false;
}

bool condition_virtualization_holds(const char *text)
{
	char variable[64], kind[64];
	const char *container = container_name(variable, sizeof(variable)), *machine;
	bool wanted;

	if (!strcmp(text, "private-users"))
		return has_private_users();
	if (!strcmp(text, "container"))
		return *container;
	if (is_container_name(text))
		return !strcmp(container, text);
	machine = *container ? "" : machine_name(kind, sizeof(kind));
	if (!strcmp(text, "vm"))
		return *machine;
	if (!scan_bool(text, &wanted))
		return wanted == (*container || *machine);
	return !strcmp(machine, text);
}
