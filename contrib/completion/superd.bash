# bash completion for superd. "make docs" writes the options of superd.conf.

_superd()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i
	local options="
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

	COMPREPLY=()
	# A command follows --.
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if ((i == COMP_CWORD - 1)); then
				COMPREPLY=($(compgen -c -- "$cur"))
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			fi
			return
		fi
	done
	# --print=conf is three words to bash.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	elif [[ $prev == --print ]]; then
		prev=
	fi
	case $prev in
	-f|--file|--pid-file|--control)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--compat)
		COMPREPLY=($(compgen -W 'openbsd freebsd netbsd gnu busybox xinetd' -- "$cur"))
		return ;;
	--print)
		COMPREPLY=($(compgen -W 'conf comments json' -- "$cur"))
		return ;;
	--explain)
		COMPREPLY=($(compgen -W "all $options" -- "$cur"))
		return ;;
	--unsupported)
		COMPREPLY=($(compgen -W 'refuse warn' -- "$cur"))
		return ;;
	--fdstore)
		COMPREPLY=($(compgen -W 'notify none' -- "$cur"))
		return ;;
	--log)
		COMPREPLY=($(compgen -W 'stderr syslog' -- "$cur"))
		return ;;
	--log-format)
		COMPREPLY=($(compgen -W 'text json' -- "$cur"))
		return ;;
	--log-level)
		COMPREPLY=($(compgen -W 'error warning notice info debug' -- "$cur"))
		return ;;
	-l|--listen|--idle|--fdname|-E|--setenv|--process-name|--max-starting|--stop-delay|--stop-timeout)
		return ;;
	esac
	COMPREPLY=($(compgen -W '
		-f --file --compat -l --listen -a --accept -d --datagram --seqpacket --inetd --bind
		--idle --now --fdname -E --setenv --check --print --explain --no-preflight
		--keep-going --unsupported --daemon --guard --no-guard --fdstore --pid-file
		--process-name --log --log-format --log-level --control --max-starting --stop-delay
		--stop-timeout --version -h --help --
	' -- "$cur"))
}

complete -o filenames -F _superd superd
