/* Jobs of launchd: its keys, and what superd refuses of them. What each key becomes is in tests/read/launchd. */
#include "launchd_reading.h"
#include "read/client/client.h"

TestSuite(launchd, .init = open_reading, .fini = close_reading);

#define LABEL "<key>Label</key><string>t</string>"
#define RUNS LABEL "<key>ProgramArguments</key><array><string>/bin/cat</string></array>"
#define LISTENS \
	"<key>Sockets</key><dict><key>a</key><dict><key>SockServiceName</key><string>80</string>" \
	"<key>SockFamily</key><string>IPv4</string></dict></dict>"

static void read_job(const char *elements)
{
	static char text[16384];
	struct source_file source;

	close_reading();
	open_reading();
	snprintf(text, sizeof(text), HEAD "<dict>%s</dict>" TAIL, elements);
	source = source_of(text, strlen(text));
	cr_assert(launchd_read_source(&reading, &source));
	source_free(&source);
	reading_finish(&reading);
}

static void expect_error(const char *elements, const char *message)
{
	read_job(elements);
	cr_expect(strstr(said(), message), "of %s: %s", elements, said());
	cr_expect_gt(diags.errors, 0, "of %s: %s", elements, said());
}

#define STRING(key, value) "<key>" key "</key><string>" value "</string>"
#define INTEGER(key, value) "<key>" key "</key><integer>" value "</integer>"
#define TRUE(key) "<key>" key "</key><true/>"

/* What superd-read leaves to superd. */
Test(launchd, takes_no_name_and_no_path_that_superd_does_not_take)
{
	expect_error(STRING("Label", "..") "<key>Program</key><string>/bin/cat</string>" TRUE("RunAtLoad"),
		     "'..': a name is part of paths");
	expect_error(STRING("Label", "a b") "<key>Program</key><string>/bin/cat</string>" TRUE("RunAtLoad"),
		     "a name consists of");
	expect_error(LABEL LISTENS STRING("Program", "cat"), "absolute");
	expect_error(RUNS "<key>Sockets</key><dict><key>a</key><dict>" STRING("SockPathName", "a") "</dict></dict>",
		     "starts with /");
}

Test(launchd, leaves_a_broken_job_out_whole)
{
	read_job(RUNS LISTENS INTEGER("Nice", "100") STRING("WorkingDirectory", "x"));
	cr_expect_eq(diags.errors, 2, "%s", said());
	cr_expect_eq(reading.table->count, 0);
	cr_expect_eq(reading.table->skipped_count, 1);
}

Test(launchd, keys_are_named_once_and_have_a_way_or_a_reason)
{
	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		const struct key_table *keys = &launchd_keys[n];
		struct key_list known = key_list(keys);

		for (size_t i = 0; i < known.count; i++) {
			const struct key_row *key = &known.list[i];

			cr_expect(!i || strcmp(known.list[i - 1].name, key->name) < 0, "%s", key->name);
			cr_expect_eq(key_find(keys, key->name), key, "%s", key->name);
			cr_expect(key->kinds, "%s", key->name);
			if (key->status == KEY_DONE)
				cr_expect(key_option(keys, key), "%s has no option", key->name);
			else if (key->status != KEY_HARMLESS)
				cr_expect(key->reason, "%s has no reason", key->name);
		}
	}
}

/* Otherwise the format of a row is wrong. */
Test(launchd, at_most_one_row_in_five_needs_a_function_of_its_own)
{
	size_t apart = 0, count = 0;

	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		for (size_t row = 0; row < launchd_keys[n].row_count; row++)
			apart += launchd_keys[n].rows[row].form == FORM_APART;
		count += launchd_keys[n].row_count;
	}
	cr_expect_leq(5 * apart, count, "%zu of %zu", apart, count);
}

/* What launchd.plist(5) of macOS names. */
Test(launchd, keys_of_the_manual_are_all_known)
{
	static const char *const manual[] = {
		"Label",
		"Disabled",
		"UserName",
		"GroupName",
		"inetdCompatibility",
		"LimitLoadToHosts",
		"LimitLoadFromHosts",
		"LimitLoadToSessionType",
		"LimitLoadToHardware",
		"LimitLoadFromHardware",
		"Program",
		"BundleProgram",
		"ProgramArguments",
		"EnableGlobbing",
		"EnableTransactions",
		"EnablePressuredExit",
		"OnDemand",
		"ServiceIPC",
		"KeepAlive",
		"RunAtLoad",
		"RootDirectory",
		"WorkingDirectory",
		"EnvironmentVariables",
		"Umask",
		"TimeOut",
		"ExitTimeOut",
		"ThrottleInterval",
		"InitGroups",
		"WatchPaths",
		"QueueDirectories",
		"StartOnMount",
		"StartInterval",
		"StartCalendarInterval",
		"StandardInPath",
		"StandardOutPath",
		"StandardErrorPath",
		"Debug",
		"WaitForDebugger",
		"SoftResourceLimits",
		"HardResourceLimits",
		"Nice",
		"ProcessType",
		"AbandonProcessGroup",
		"LowPriorityIO",
		"LowPriorityBackgroundIO",
		"MaterializeDatalessFiles",
		"LaunchOnlyOnce",
		"MachServices",
		"Sockets",
		"LaunchEvents",
		"HopefullyExitsLast",
		"HopefullyExitsFirst",
		"SessionCreate",
		"LegacyTimers",
		"AssociatedBundleIdentifiers",
		"SpawnConstraint",
	};
	static const char *const sockets[] = {
		"SockType",	"SockPassive",	"SockNodeName",	       "SockServiceName",   "SockFamily",
		"SockProtocol", "SockPathName", "SecureSocketWithKey", "SockPathOwner",	    "SockPathGroup",
		"SockPathMode", "Bonjour",	"MulticastGroup",      "ReceivePacketInfo",
	};

	for (size_t n = 0; n < sizeof(manual) / sizeof(*manual); n++)
		cr_expect_not_null(key_find(&launchd_keys[LAUNCHD_JOB], manual[n]), "%s", manual[n]);
	for (size_t n = 0; n < sizeof(sockets) / sizeof(*sockets); n++)
		cr_expect_not_null(key_find(&launchd_keys[LAUNCHD_SOCKETS], sockets[n]), "%s", sockets[n]);
}
