/* Examples of values whose form does not follow from the name of the type, and of a table for each chapter of options.
 * tests/unit/cli/print/test_print_conf.c reads each one. */
#include "cli/print/example.h"

#include <stdlib.h>
#include <string.h>

#include "config/type/type.h"

/* Sorted by name. */
static const struct example {
	const char *option, *value;
} examples[] = {
	{ "access_times", "{ \"08:00-12:00\", \"22:00-06:00\" }" },
	{ "allowed_cpus", "{ \"0\", \"2-3\" }" },
	{ "allowed_memory_nodes", "{ \"0\" }" },
	{ "ambient_capabilities", "{ \"net_bind_service\" }" },
	{ "apparmor_profile", "\"-web\"" },
	{ "argv0", "\"in.fingerd\"" },
	{ "backoff_max", "1min" },
	{ "backoff_min", "500ms" },
	{ "banner", "\"/etc/banner\"" },
	{ "banner_fail", "\"/etc/banner\"" },
	{ "banner_success", "\"/etc/banner\"" },
	{ "bind_paths", "{ \"/srv/data:/data\", \"-/mnt/usb:/usb:norbind\" }" },
	{ "bind_read_only_paths", "{ \"/srv/data:/data\" }" },
	{ "bind_to_device", "\"eth0\"" },
	{ "binds", "{ \"127.0.0.1:8080\" }" },
	{ "builtin", "\"daytime xinetd\"" },
	{ "cache_directory", "{ \"web:website\" }" },
	{ "cache_directory_mode", "0750" },
	{ "capability_bounding_set", "{ \"~sys_admin\" }" },
	{ "condition", "{ \"PathExists=!/run/maintenance\", \"User=!root\" }" },
	{ "configuration_directory", "{ \"web\" }" },
	{ "configuration_directory_mode", "0750" },
	{ "control", "\"@superd\"" },
	{ "cps", "{ 50, 10s }" },
	{ "cpu_affinity", "{ \"0\", \"2-3\" }" },
	{ "cpu_quota", "50%" },
	{ "cpu_quota_period", "50ms" },
	{ "cpu_weight", "200" },
	{ "defer_accept", "5s" },
	{ "delegate", "{ \"memory\", \"cpu\" }" },
	{ "deny_time", "1h" },
	{ "device_allow", "{ \"/dev/null rw\", \"char-pts\" }" },
	{ "directory_mode", "0755" },
	{ "env", "{ \"LANG=C.UTF-8\", \"PORT=%{port}\" }" },
	{ "environment_file", "{ \"-/etc/default/web\", \"/etc/web.d/*.env\" }" },
	{ "error", "\"append:/var/log/web.err\"" },
	{ "exec", "\"/usr/bin/python3 '/srv/my files/hello.py' --port=%{port}\"" },
	{ "exec_condition", "{ \"/usr/bin/test -d /srv/web\" }" },
	{ "exec_paths", "{ \"/usr/bin/web\" }" },
	{ "exec_prefix", "\"!\"" },
	{ "exec_ready", "{ \"/usr/bin/pg_isready -q\" }" },
	{ "exec_reload", "{ \"/bin/sh -c 'kill -HUP $MAINPID'\" }" },
	{ "exec_search_path", "{ \"/usr/local/bin\", \"/usr/bin\" }" },
	{ "exec_start_post", "{ \"-/usr/bin/logger started\" }" },
	{ "exec_start_pre", "{ \"+-/usr/bin/chown www-data /srv/web\" }" },
	{ "exec_stop", "{ \"/bin/sh -c 'kill -TERM $MAINPID'\" }" },
	{ "exec_stop_post", "{ \"/usr/bin/rm -f /srv/web/lock\" }" },
	{ "fdstore", "notify" },
	{ "final_kill_signal", "\"KILL\"" },
	{ "group", "\"www-data\"" },
	{ "idle_cpu", "5%" },
	{ "idle_timeout", "10min" },
	{ "idle_unless", "{ \"/usr/bin/test -e /run/web/busy\" }" },
	{ "import_credential", "{ \"web.*:app.\" }" },
	{ "inaccessible_paths", "{ \"-/root\" }" },
	{ "input", "\"file:/srv/web.in\"" },
	{ "input_data", "{ \"aGVsbG8K\" }" },
	{ "input_text", "{ \"one line\" }" },
	{ "io_read_bandwidth_max", "{ \"/dev/sda 10M\" }" },
	{ "io_read_iops_max", "{ \"/dev/sda 1000\" }" },
	{ "io_scheduling", "\"best-effort:7\"" },
	{ "io_weight", "50" },
	{ "io_write_bandwidth_max", "{ \"/dev/sda 10M\" }" },
	{ "io_write_iops_max", "{ \"/dev/sda 1000\" }" },
	{ "ip_address_allow", "{ \"192.0.2.0/24\", \"localhost\" }" },
	{ "ip_address_deny", "{ \"any\" }" },
	{ "ip_tos", "\"low-delay\"" },
	{ "keep_alive_interval", "75s" },
	{ "keep_alive_time", "2h" },
	{ "kill_signal", "\"INT\"" },
	{ "libwrap", "\"in.fingerd\"" },
	{ "listen", "{ \"tcp4:80\", \"[::1]:8080%lo\", \"/run/web.sock\" }" },
	{ "load_credential", "{ \"key:/etc/web.key\" }" },
	{ "log", "\"syslog:local0\"" },
	{ "log_on_failure", "{ \"HOST\" }" },
	{ "log_on_success", "{ \"PID\", \"HOST\" }" },
	{ "log_rate_limit_interval", "1min" },
	{ "log_type", "{ \"FILE\", \"/var/log/web.log\", \"10M\", \"20M\" }" },
	{ "logs_directory", "{ \"web\" }" },
	{ "logs_directory_mode", "0750" },
	{ "max_load", "4.5" },
	{ "memory_high", "25%" },
	{ "memory_low", "64M" },
	{ "memory_max", "512M" },
	{ "memory_min", "32M" },
	{ "memory_swap_max", "0" },
	{ "message_queue_message_size", "8K" },
	{ "min_awake", "30s" },
	{ "multicast_group", "{ \"239.255.0.1%eth0\" }" },
	{ "network_namespace_path", "\"/run/netns/blue\"" },
	{ "no_access", "{ \"192.0.2.{1,7}\" }" },
	{ "no_exec_paths", "{ \"/srv\" }" },
	{ "only_from", "{ \"192.0.2.0/24\", \"2001:db8::/32\", \".example.org\" }" },
	{ "open_file", "{ \"/etc/web.key:key:read-only\" }" },
	{ "output", "\"append:/var/log/web.log\"" },
	{ "passenv", "{ \"LANG\" }" },
	{ "pid_file", "\"/run/web.pid\"" },
	{ "pipe_size", "1M" },
	{ "probe_from", "{ \"10.0.0.0/8\" }" },
	{ "probe_wait", "500ms" },
	{ "read_only_paths", "{ \"/etc\" }" },
	{ "read_write_paths", "{ \"/srv/web\" }" },
	{ "ready", "\"ready to accept connections\"" },
	{ "receive_buffer", "64K" },
	{ "redirect", "{ \"192.0.2.1\", 80 }" },
	{ "redirect_timeout", "30s" },
	{ "reload_signal", "\"HUP\"" },
	{ "requires", "{ \"database\" }" },
	{ "restart_force_exit_status", "{ 75 }" },
	{ "restart_prevent_exit_status", "{ 2, \"SIGTERM\" }" },
	{ "restrict_address_families", "{ \"AF_UNIX\", \"AF_INET\", \"AF_INET6\" }" },
	{ "restrict_namespaces", "{ \"~user\" }" },
	{ "rlimit_as", "1G" },
	{ "rlimit_core", "0" },
	{ "rlimit_cpu", "1min" },
	{ "rlimit_data", "512M" },
	{ "rlimit_fsize", "100M" },
	{ "rlimit_locks", "100" },
	{ "rlimit_memlock", "64K" },
	{ "rlimit_msgqueue", "800K" },
	{ "rlimit_nice", "30" },
	{ "rlimit_nofile", "\"1024:4096\"" },
	{ "rlimit_nproc", "100" },
	{ "rlimit_rss", "1G" },
	{ "rlimit_rtprio", "10" },
	{ "rlimit_rttime", "200ms" },
	{ "rlimit_sigpending", "1000" },
	{ "rlimit_stack", "8M" },
	{ "root_directory", "\"/srv/jail\"" },
	{ "runtime_directory", "{ \"web\" }" },
	{ "runtime_directory_mode", "0750" },
	{ "runtime_max", "\"1h 30min\"" },
	{ "secure_bits", "{ \"noroot\" }" },
	{ "selinux_context", "\"system_u:system_r:httpd_t:s0\"" },
	{ "send_buffer", "64K" },
	{ "set_credential", "{ \"token:value\" }" },
	{ "socket", "admin { listen = \"/run/admin.sock\"  socket_mode = 0600 }" },
	{ "socket_condition", "{ \"PathExists=!/etc/ssh/sshd_not_to_be_run\" }" },
	{ "socket_exec_options", "{ \"user=www-data\", \"runtime_directory=web\" }" },
	{ "socket_exec_start_post", "{ \"/usr/bin/logger open\" }" },
	{ "socket_exec_start_pre", "{ \"/usr/bin/mkdir -p /run/web\" }" },
	{ "socket_exec_stop_post", "{ \"/usr/bin/logger closed\" }" },
	{ "socket_exec_stop_pre", "{ \"/usr/bin/logger closing\" }" },
	{ "socket_group", "\"www-data\"" },
	{ "socket_mode", "0660" },
	{ "socket_user", "\"www-data\"" },
	{ "state_directory", "{ \"web\" }" },
	{ "state_directory_mode", "0750" },
	{ "stop_delay", "5s" },
	{ "stop_timeout", "\"1min 30s\"" },
	{ "success_exit_status", "{ 143, \"TEMPFAIL\", \"SIGKILL\" }" },
	{ "supplementary_groups", "{ \"ssl-cert\" }" },
	{ "symlinks", "{ \"/run/old.sock\" }" },
	{ "syslog_identifier", "\"web\"" },
	{ "system_call_architectures", "{ \"native\" }" },
	{ "system_call_error_number", "\"EPERM\"" },
	{ "system_call_filter", "{ \"@system-service\", \"~@mount:EPERM\" }" },
	{ "tasks_max", "100" },
	{ "tcp_congestion", "\"bbr\"" },
	{ "temporary_file_system", "{ \"/var:size=10M\" }" },
	{ "timeout_abort", "10s" },
	{ "timeout_start", "2min" },
	{ "timeout_stop", "30s" },
	{ "timer_slack", "1ms" },
	{ "trigger_limit_interval", "10s" },
	{ "trigger_limit_pause", "1min" },
	{ "umask", "027" },
	{ "unset_environment", "{ \"LANG\", \"DEBUG=1\" }" },
	{ "user", "\"www-data\"" },
	{ "wants", "{ \"cache\" }" },
	{ "warm_max_age", "10min" },
	{ "watchdog", "30s" },
	{ "watchdog_signal", "\"ABRT\"" },
	{ "working_directory", "\"~\"" },
};

/* A whole table that shows the options of a chapter. */
static const char *const chapter_examples[CHAPTERS] = {
	[CHAPTER_EXEC] =
		"service web {\n"
		"    listen = { \"80\", \"/run/web.sock\" }\n"
		"    exec   = \"/usr/sbin/webd --foreground\"\n"
		"    user   = \"www-data\"\n"
		"}\n"
		"service cat {  # a process for each connection\n"
		"    listen = \"7777\"\n"
		"    accept = yes\n"
		"    exec   = \"/bin/cat\"\n"
		"    user   = \"nobody\"\n"
		"}\n",
	[CHAPTER_SOCKETS] =
		"service web {\n"
		"    socket http  { listen = \"80\"  backlog = 1024  keep_alive = yes }\n"
		"    socket admin { listen = \"/run/admin.sock\"  socket_mode = 0660  socket_group = \"adm\" }\n"
		"    exec = \"/usr/sbin/webd\"\n"
		"    user = \"www-data\"\n"
		"}\n",
	[CHAPTER_IDENTITY] =
		"service web {\n"
		"    listen                  = \"80\"\n"
		"    exec                    = \"/usr/sbin/webd\"\n"
		"    user                    = \"www-data\"\n"
		"    supplementary_groups    = { \"ssl-cert\" }\n"
		"    capability_bounding_set = { \"net_bind_service\" }\n"
		"    no_new_privileges       = yes\n"
		"}\n",
	[CHAPTER_ENVIRONMENT] =
		"service proxy {\n"
		"    listen           = \"8080\"\n"
		"    exec             = \"/usr/sbin/nginx -g 'daemon off;'\"\n"
		"    user             = \"root\"\n"
		"    env              = { \"NGINX=%{fd};\", \"LANG=C.UTF-8\" }\n"
		"    environment_file = { \"-/etc/default/nginx\" }\n"
		"    umask            = 027\n"
		"}\n",
	[CHAPTER_FILES] =
		"service web {\n"
		"    listen            = \"80\"\n"
		"    exec              = \"/usr/sbin/webd\"\n"
		"    user              = \"www-data\"\n"
		"    runtime_directory = { \"web\" }  # /run/web\n"
		"    state_directory   = { \"web\" }  # /var/lib/web\n"
		"    load_credential   = { \"key:/etc/web.key\" }  # $CREDENTIALS_DIRECTORY/key\n"
		"}\n",
	[CHAPTER_STREAMS] =
		"service web {\n"
		"    listen = \"80\"\n"
		"    exec   = \"/usr/sbin/webd\"\n"
		"    user   = \"www-data\"\n"
		"    output = \"append:/var/log/web.log\"\n"
		"    error  = \"syslog\"\n"
		"    syslog_facility = local0\n"
		"}\n",
	[CHAPTER_ACCESS] =
		"service pop {\n"
		"    listen         = \"110\"\n"
		"    accept         = yes\n"
		"    exec           = \"/usr/sbin/popa3d\"\n"
		"    user           = \"root\"\n"
		"    only_from      = { \"192.0.2.0/24\", \"2001:db8::/32\", \".example.org\" }\n"
		"    no_access      = { \"192.0.2.66\" }\n"
		"    access_times   = { \"6:00-22:00\" }\n"
		"    instances      = 50  # the 51st client waits in the accept queue\n"
		"    per_source     = 5\n"
		"    per_source_cpm = 60\n"
		"    cps            = { 50, 10s }  # over 50 in a second: no more for 10 s\n"
		"    banner_fail    = \"/etc/superd/busy\"\n"
		"}\n",
	[CHAPTER_COMMANDS] =
		"service web {\n"
		"    listen         = \"80\"\n"
		"    exec           = \"/usr/sbin/webd\"\n"
		"    user           = \"www-data\"\n"
		"    condition      = { \"PathExists=/etc/web.conf\", \"PathExists=!/run/maintenance\" }\n"
		"    exec_start_pre = { \"/usr/sbin/webd --test\", \"+-/usr/bin/chown www-data /srv/web\" }\n"
		"    exec_reload    = { \"/bin/sh -c 'kill -HUP $MAINPID'\" }\n"
		"}\n",
	[CHAPTER_LIFECYCLE] =
		"service web {\n"
		"    listen        = \"80\"\n"
		"    exec          = \"/usr/sbin/webd\"\n"
		"    user          = \"www-data\"\n"
		"    ready         = \"ready to accept connections\"\n"
		"    timeout_start = 2min\n"
		"    kill_signal   = QUIT  # finish the requests, then exit\n"
		"    timeout_stop  = 30s\n"
		"    on_change     = drain\n"
		"}\n",
	[CHAPTER_RESTART] =
		"service worker {\n"
		"    start               = boot\n"
		"    exec                = \"/usr/bin/worker\"\n"
		"    user                = \"worker\"\n"
		"    restart             = on-failure\n"
		"    success_exit_status = { 143, \"TEMPFAIL\", \"SIGKILL\" }\n"
		"    backoff_min         = 500ms\n"
		"    backoff_max         = 1min\n"
		"}\n",
	[CHAPTER_NOTIFICATIONS] =
		"service web {\n"
		"    listen                    = \"80\"\n"
		"    exec                      = \"/usr/sbin/webd\"\n"
		"    user                      = \"www-data\"\n"
		"    type                      = notify\n"
		"    watchdog                  = 30s\n"
		"    file_descriptor_store_max = 8\n"
		"}\n",
	[CHAPTER_IDLE] =
		"service web {\n"
		"    listen       = \"80\"\n"
		"    exec         = \"/usr/sbin/webd\"\n"
		"    user         = \"www-data\"\n"
		"    idle_timeout = 10min\n"
		"    idle_action  = freeze\n"
		"    idle_cpu     = 5%  # more than that is work, not sleep\n"
		"    probe_from   = { \"192.0.2.1\" }  # the load balancer's health checks\n"
		"}\n",
	[CHAPTER_GLOBALS] =
		"superd {\n"
		"    log           = \"file:/var/log/superd.log\"\n"
		"    log_level     = notice\n"
		"    control_group = \"adm\"  # its members may use superctl list and status\n"
		"    max_starting  = 4\n"
		"}\n"
		"service web {\n"
		"    listen = \"80\"\n"
		"    exec   = \"/usr/sbin/webd\"\n"
		"    user   = \"www-data\"\n"
		"}\n",
	[CHAPTER_XINETD] =
		"service finger {\n"
		"    listen         = \"79\"\n"
		"    accept         = yes\n"
		"    exec           = \"/usr/sbin/in.fingerd\"\n"
		"    user           = \"nobody\"\n"
		"    log_type       = { \"SYSLOG\", \"auth\", \"info\" }\n"
		"    log_on_success = { \"PID\", \"HOST\", \"DURATION\" }\n"
		"    log_on_failure = { \"HOST\" }\n"
		"}\n",
	[CHAPTER_UNITS] =
		"service web {\n"
		"    listen                = \"80\"\n"
		"    exec                  = \"/usr/sbin/webd\"\n"
		"    user                  = \"www-data\"\n"
		"    exec_stop             = { \"/bin/kill -QUIT $MAINPID\" }\n"
		"    expand_environment    = yes  # for $MAINPID\n"
		"    socket_exec_start_pre = { \"/usr/bin/mkdir -p /run/web\" }\n"
		"}\n",
	[CHAPTER_LIMITS] =
		"service web {\n"
		"    listen        = \"80\"\n"
		"    exec          = \"/usr/sbin/webd\"\n"
		"    user          = \"www-data\"\n"
		"    nice          = 5\n"
		"    cpu_affinity  = { \"0\", \"2-3\" }\n"
		"    rlimit_nofile = \"1024:4096\"    # soft:hard\n"
		"    rlimit_core   = 0\n"
		"}\n",
	[CHAPTER_RESOURCES] =
		"service web {\n"
		"    listen     = \"80\"\n"
		"    exec       = \"/usr/sbin/webd\"\n"
		"    user       = \"www-data\"\n"
		"    memory_max = 512M\n"
		"    tasks_max  = 100\n"
		"    cpu_quota  = 50%\n"
		"    io_write_bandwidth_max = { \"/dev/sda 10M\" }\n"
		"}\n",
	[CHAPTER_HARDENING] =
		"service web {\n"
		"    listen             = \"80\"\n"
		"    exec               = \"/usr/sbin/webd\"\n"
		"    user               = \"www-data\"\n"
		"    protect_system     = strict\n"
		"    read_write_paths   = { \"/srv/web\" }\n"
		"    private_tmp        = yes\n"
		"    system_call_filter = { \"@system-service\", \"~@privileged\" }\n"
		"    restrict_address_families = { \"AF_UNIX\", \"AF_INET\", \"AF_INET6\" }\n"
		"}\n",
};

static int compare_example(const void *option, const void *example)
{
	return strcmp(option, ((const struct example *)example)->option);
}

const char *example_of(const char *option)
{
	const struct example *found =
		bsearch(option, examples, sizeof(examples) / sizeof(*examples), sizeof(*examples), compare_example);

	return found ? found->value : NULL;
}

/* Words, numbers and names are as the heading of the entry shows them; a mode's default is its example. VALUES in
 * superd.conf(5) has the form of durations, sizes and limits. */
static bool has_grammar(const struct directive *directive)
{
	static const struct type *const plain[] = { &type_bool, &type_count, &type_duration, &type_error,
						    &type_limit, &type_memory, &type_mode, &type_name, &type_quota,
						    &type_signal, &type_size, &type_tasks, &type_text, &type_weight,
						    &type_word };

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (directive->type == plain[i])
			return false;
	}
	return directive->type != &type_path || directive->flags & OPTIONAL_PATH;
}

const char *example_in_manual(const struct directive *directive)
{
	return has_grammar(directive) ? example_of(directive->name[NATIVE]) : NULL;
}

const char *example_of_chapter(enum chapter chapter)
{
	return chapter_examples[chapter];
}
