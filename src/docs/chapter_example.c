/* A table of superd.conf for each chapter of the manual. */
#include "docs/docs.h"

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

const char *example_of_chapter(enum chapter chapter)
{
	return chapter_examples[chapter];
}
