/* The table of every key of systemd's units: whole, sorted, and true of what superd does. */
#include "read/systemd/internal.h"
#include "tests/unit/unit.h"

Test(unit_keys, are_each_found_and_named_once)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		struct key_list keys = key_list(unit_keys[n]);

		for (size_t i = 0; i < keys.count; i++) {
			if (i)
				cr_expect_lt(strcmp(keys.list[i - 1].name, keys.list[i].name), 0, "%s",
					     keys.list[i].name);
			cr_expect(unit_key_find(unit_keys[n]->section, keys.list[i].name), "%s", keys.list[i].name);
		}
	}
}

/* The count of systemd 262's keys: whoever adds one to a list sees to these. */
Test(unit_keys, are_all_there)
{
	static const char *const some[][2] = {
		{ "Unit", "ConditionFraction" },
		{ "Unit", "AssertPathIsSocket" },
		{ "Unit", "JoinsNamespaceOf" },
		{ "Unit", "SurviveFinalKillSignal" },
		{ "Unit", "ConditionMachineTag" },
		{ "Socket", "XAttrEntryPoint" },
		{ "Socket", "DeferTriggerMaxSec" },
		{ "Socket", "PassPIDFD" },
		{ "Socket", "AcceptFileDescriptors" },
		{ "Socket", "PollLimitBurst" },
		{ "Socket", "PassFileDescriptorsToExec" },
		{ "Socket", "User" },
		{ "Service", "LUOSession" },
		{ "Service", "RefreshOnReload" },
		{ "Service", "ExecReloadPost" },
		{ "Service", "RestartRandomizedDelaySec" },
		{ "Service", "OpenFile" },
		{ "Service", "RootMStack" },
		{ "Service", "MemoryTHP" },
		{ "Service", "CPUSetPartition" },
		{ "Service", "OOMRules" },
		{ "Service", "PrivatePIDs" },
		{ "Service", "BindNetworkInterface" },
		{ "Service", "StateDirectoryQuota" },
		{ "Install", "UpheldBy" },
	};

	for (size_t n = 0; n < sizeof(some) / sizeof(*some); n++)
		cr_expect(unit_key_find(some[n][0], some[n][1]), "[%s] %s", some[n][0], some[n][1]);
	cr_expect_eq(key_list(unit_keys[KEYS_UNIT]).count, 123);
	cr_expect_eq(key_list(unit_keys[KEYS_SOCKET]).count, 82);
	cr_expect_eq(key_list(unit_keys[KEYS_SERVICE]).count, 53);
	cr_expect_eq(key_list(unit_keys[KEYS_SHARED]).count, 246);
	cr_expect_eq(key_list(unit_keys[KEYS_INSTALL]).count, 6);
}

Test(unit_keys, every_option_with_a_name_in_units_is_a_key)
{
	for (size_t n = 0; n < option_count; n++) {
		const char *name = option_defs[n].name[UNIT], *dot = name ? strchr(name, '.') : NULL;
		char section[32];

		if (!name)
			continue;
		cr_assert(dot && dot - name < (ptrdiff_t)sizeof(section));
		snprintf(section, sizeof(section), "%.*s", (int)(dot - name), name);
		cr_expect(unit_key_find(section, dot + 1), "%s", name);
	}
}

Test(unit_keys, that_are_done_lead_to_an_option_or_say_how)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		for (size_t i = 0; i < key_list(unit_keys[n]).count; i++) {
			const struct key_row *key = &key_list(unit_keys[n]).list[i];

			if (key->status == KEY_DONE)
				cr_expect(unit_key_option(unit_keys[n]->section, key) || key->reason, "%s",
					  key->name);
			else if (key->status != KEY_HARMLESS)
				cr_expect(key->reason, "%s: it is not done, and no reason is given", key->name);
		}
	}
}

/* Otherwise the format of a row is wrong. */
Test(unit_keys, at_most_one_row_in_five_needs_a_function_of_its_own)
{
	size_t apart = 0, count = 0;

	for (int n = 0; n < KEYS_SECTIONS; n++) {
		for (size_t row = 0; row < unit_keys[n]->row_count; row++)
			apart += unit_keys[n]->rows[row].form == FORM_APART;
		count += unit_keys[n]->row_count;
	}
	cr_expect_leq(5 * apart, count, "%zu of %zu", apart, count);
}

Test(unit_keys, are_known_by_their_older_names)
{
	cr_expect_str_eq(unit_key_find("Service", "ReadOnlyDirectories")->name, "ReadOnlyPaths");
	cr_expect_str_eq(unit_key_find("Unit", "BindTo")->name, "BindsTo");
}

Test(unit_keys, of_commands_are_shared_by_services_and_sockets)
{
	cr_expect(unit_key_is_shared(unit_key_find("Socket", "User")));
	cr_expect(unit_key_is_shared(unit_key_find("Service", "User")));
	cr_expect_not(unit_key_is_shared(unit_key_find("Socket", "IPAddressDeny")));
	cr_expect_null(unit_key_find("Unit", "User"));
}

Test(unit_keys, are_told_apart_by_case_and_suggested)
{
	cr_expect_null(unit_key_find("Service", "user"));
	cr_expect_str_eq(unit_key_suggest("Service", "ExecStat"), "ExecStart");
	cr_expect_str_eq(unit_key_suggest("Service", "ProtectSytem"), "ProtectSystem");
	cr_expect_null(unit_key_suggest("Service", "Nothing"));
	cr_expect_str_eq(unit_key_section("Service", "ListenStream"), "Socket");
	cr_expect_str_eq(unit_key_section("Unit", "User"), "Service");
	cr_expect_null(unit_key_section("Unit", "Nothing"));
}

Test(unit_keys, have_classes_with_names)
{
	cr_expect_str_eq(key_status_name(KEY_DONE), "supported");
	cr_expect_str_eq(key_status_name(KEY_HARMLESS), "ignored");
	cr_expect_str_eq(key_status_name(KEY_WARNED), "ignored (warning)");
	cr_expect_str_eq(key_status_name(KEY_REFUSED), "refused");
}
