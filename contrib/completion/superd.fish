# fish completion for superd. "make docs" writes the options of superd.conf.

set -l options "
	listen socket exec argv0 exec_search_path accept pass type disable start builtin redirect
	redirect_timeout proxy_protocol backlog socket_user socket_group socket_mode
	directory_mode symlinks remove_on_stop bind_to_device free_bind transparent reuse_port
	ipv6_only keep_alive keep_alive_time keep_alive_interval keep_alive_probes no_delay
	defer_accept priority receive_buffer send_buffer broadcast pass_credentials
	pass_packet_info writable filter_every_packet non_blocking binds multicast_group optional
	socket_condition socket_requires socket_wants socket_beside user group groups
	supplementary_groups dynamic_user remove_ipc ambient_capabilities capability_bounding_set
	no_new_privileges env passenv environment_file unset_environment expand_environment
	unit_environment tcp_environment umask working_directory root_directory ignore_sigpipe
	runtime_directory state_directory cache_directory logs_directory configuration_directory
	runtime_directory_mode state_directory_mode cache_directory_mode logs_directory_mode
	configuration_directory_mode runtime_directory_preserve load_credential set_credential
	output error input syslog_identifier syslog_level syslog_level_prefix
	log_rate_limit_interval log_rate_limit_burst only_from no_access access_times max_load
	id_only libwrap banner banner_success banner_fail deny_time instances overload per_source
	per_source_prefix per_source_rate cps trigger_limit_burst trigger_limit_interval
	trigger_limit_pause exec_condition exec_start_pre exec_start_post exec_ready exec_reload
	exec_stop exec_stop_post socket_exec_start_pre socket_exec_start_post
	socket_exec_stop_post socket_exec_as_superd exec_prefix condition requires wants beside
	ready timeout_start remain_after_exit pid_file runtime_max timeout_stop kill_signal
	kill_mode final_kill_signal send_sighup send_sigkill kill_leftovers on_change on_remove
	restart success_exit_status restart_prevent_exit_status restart_force_exit_status
	backoff_min backoff_max on_failure notify_access watchdog watchdog_signal timeout_abort
	reload_signal file_descriptor_store_max file_descriptor_store_preserve idle_timeout
	idle_action idle_when other_ports idle_unless min_awake freeze_reclaim probe_from log_type
	log_on_success log_on_failure nice oom_score_adjust io_scheduling cpu_scheduling_policy
	rlimit_as rlimit_core rlimit_cpu rlimit_data rlimit_fsize rlimit_locks rlimit_memlock
	rlimit_msgqueue rlimit_nice rlimit_nofile rlimit_nproc rlimit_rss rlimit_rtprio
	rlimit_rttime rlimit_sigpending rlimit_stack memory_max memory_high memory_swap_max
	oom_policy tasks_max cpu_quota cpu_weight delegate private_tmp private_devices private_ipc
	private_mounts private_network private_users protect_system protect_home
	protect_kernel_tunables protect_kernel_modules protect_kernel_logs protect_control_groups
	protect_clock protect_hostname protect_proc proc_subset read_only_paths read_write_paths
	inaccessible_paths exec_paths no_exec_paths bind_paths bind_read_only_paths
	temporary_file_system mount_api_vfs system_call_filter system_call_architectures
	system_call_error_number restrict_address_families restrict_namespaces restrict_realtime
	restrict_suid_sgid memory_deny_write_execute lock_personality keyring_mode
	ip_address_allow ip_address_deny device_policy device_allow apparmor_profile
	selinux_context log log_format log_level control fdstore max_starting stop_delay
	stop_timeout
"

# A command follows --.
function __superd_command
	set -l words (commandline -poc)
	set -l place (contains -i -- -- $words)
	and set -e words[1..$place]
	and complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end

complete -c superd -f
complete -c superd -n 'contains -- -- (commandline -poc)' -a '(__superd_command)'
complete -c superd -s f -l file -rF -d 'read this configuration file or directory; may be repeated'
complete -c superd -l compat -xa 'openbsd freebsd netbsd gnu busybox xinetd' -d 'read inetd\'s files as openbsd, freebsd, netbsd, gnu, busybox or xinetd does'
complete -c superd -s l -l listen -x -d 'serve this port or path by the command after --, without a file'
complete -c superd -s a -l accept -d 'with -l: run one process per connection'
complete -c superd -s d -l datagram -d 'with -l: open datagram sockets'
complete -c superd -l seqpacket -d 'with -l: open unix sockets of type SEQPACKET'
complete -c superd -l inetd -d 'with -l: pass the socket as standard input and output'
complete -c superd -l bind -d 'with -l: the program opens its port itself, and gets superd\'s socket'
complete -c superd -l idle -x -d 'with -l: stop the program after this time without clients, such as 10min'
complete -c superd -l now -d 'with -l: start the program at once, not with the first client'
complete -c superd -l fdname -x -d 'with -l: the names of the sockets in LISTEN_FDNAMES'
complete -c superd -s E -l setenv -x -d 'with -l: set this variable; without VALUE, to superd\'s own value'
complete -c superd -l check -d 'check the configuration and this machine, print all errors, and exit'
complete -c superd -l print -fa 'conf comments json' -d 'print the configuration: conf, comments or json'
complete -c superd -l explain -fa "all $options" -d 'explain an option, or find options by words; all lists all'
complete -c superd -l no-preflight -d 'do not check this machine: the configuration is for another one'
complete -c superd -l keep-going -d 'run without the services that have errors'
complete -c superd -l unsupported -xa 'refuse warn' -d 'refuse (default) units that need what superd lacks, or warn and run them'
complete -c superd -l daemon -d 'go into the background once every socket is open or has failed'
complete -c superd -l guard -d 'a second process, the default, restarts a killed superd; clients wait'
complete -c superd -l no-guard -d 'no second process, also as process 1 and with --daemon'
complete -c superd -l fdstore -xa 'notify none' -d 'a store that keeps the sockets: notify (the service manager) or none'
complete -c superd -l pid-file -rF -d 'write the process id to this file'
complete -c superd -l process-name -x -d 'the name of the process in ps (superd); update-inetd wants inetd'
complete -c superd -l log -xa 'stderr syslog' -d 'log to stderr (default), syslog[:FACILITY] or file:PATH'
complete -c superd -l log-format -xa 'text json' -d 'log as text (default) or json'
complete -c superd -l log-level -xa 'error warning notice info debug' -d 'the least level to log: error, warning, notice, info (default) or debug'
complete -c superd -l control -rF -d 'the control socket, where superctl reaches superd: a path, @NAME or none'
complete -c superd -l max-starting -x -d 'start at most this many services at a time (2 per processor); 0: no limit'
complete -c superd -l stop-delay -x -d 'continue to serve for this time after a request to stop (0s)'
complete -c superd -l stop-timeout -x -d 'when superd stops, kill processes that still run after this time (8s)'
complete -c superd -l version -d 'print the version'
complete -c superd -s h -l help -d 'print this help'
