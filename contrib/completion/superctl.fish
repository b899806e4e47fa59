# fish completion for superctl. The services' names come from superd.

function __superctl_verb
	not __fish_seen_subcommand_from status list show why history log events health metrics start stop restart hold release drain freeze thaw sleep wake wait signal enable disable reload diff reopen upgrade shutdown version
end

# From the superd that --control names, as that is typed.
function __superctl_names
	set -l words (commandline -poc)
	set -l control
	while set -q words[1]
		switch $words[1]
			case '--control=*'
				set control $words[1]
			case --control
				set control $words[1..2]
		end
		set -e words[1]
	end
	superctl $control list --names 2>/dev/null
end

complete -c superctl -f
complete -c superctl -n __superctl_verb -a status -d 'show services in detail; without a name, list all'
complete -c superctl -n __superctl_verb -a list -d 'list services with their state, ports and processes'
complete -c superctl -n __superctl_verb -a show -d 'print the options of services, and where each is set'
complete -c superctl -n __superctl_verb -a why -d 'explain the state: what it waits for, what went wrong, when it will sleep'
complete -c superctl -n __superctl_verb -a history -d 'list the last sleeps: when, how long, and who woke the service'
complete -c superctl -n __superctl_verb -a log -d 'print the last log lines of services; -f follows'
complete -c superctl -n __superctl_verb -a events -d 'print new log lines, as log -f without earlier ones'
complete -c superctl -n __superctl_verb -a health -d 'print healthy, degraded or unhealthy, with the reasons'
complete -c superctl -n __superctl_verb -a metrics -d 'print counters for Prometheus'
complete -c superctl -n __superctl_verb -a start -d 'start a service now, without a client'
complete -c superctl -n __superctl_verb -a stop -d 'stop a service; the next client starts it again'
complete -c superctl -n __superctl_verb -a restart -d 'stop a service, also with clients, and start it again; new clients wait meanwhile'
complete -c superctl -n __superctl_verb -a hold -d 'start nothing more; clients wait until release'
complete -c superctl -n __superctl_verb -a release -d 'end a hold; the waiting clients are served'
complete -c superctl -n __superctl_verb -a drain -d 'stop a service once its clients have left; new clients wait, and start it again'
complete -c superctl -n __superctl_verb -a freeze -d 'freeze the processes of a service until the next client'
complete -c superctl -n __superctl_verb -a thaw -d 'thaw a frozen service'
complete -c superctl -n __superctl_verb -a sleep -d 'freeze or stop a service, by its idle_action'
complete -c superctl -n __superctl_verb -a wake -d 'thaw or start a service'
complete -c superctl -n __superctl_verb -a wait -d 'wait until a service would serve a client, runs or sleeps'
complete -c superctl -n __superctl_verb -a signal -d 'send a signal, such as HUP, to the main process'
complete -c superctl -n __superctl_verb -a enable -d 'open the ports of a service again'
complete -c superctl -n __superctl_verb -a disable -d 'close the ports of a service until enable'
complete -c superctl -n __superctl_verb -a reload -d 'read superd\'s configuration again; with NAME, make that service read its own'
complete -c superctl -n __superctl_verb -a diff -d 'print what a reload would change'
complete -c superctl -n __superctl_verb -a reopen -d 'open the log files again, after a rotation'
complete -c superctl -n __superctl_verb -a upgrade -d 'replace superd by the installed version; no client notices'
complete -c superctl -n __superctl_verb -a shutdown -d 'stop all services and superd'
complete -c superctl -n __superctl_verb -a version -d 'print the versions of superctl and superd, and whether a guard runs'
complete -c superctl -n __superctl_verb -a help -d 'print this help, or the options of a verb'
complete -c superctl -n '__fish_seen_subcommand_from status list show why history log events health metrics start stop restart hold release drain freeze thaw sleep wake wait signal enable disable reload' -a '(__superctl_names)'
complete -c superctl -l control -rF -d 'the control socket of superd (default: $SUPERD_CONTROL, else as superd)'
complete -c superctl -l json -d 'print JSON, one object a line'
complete -c superctl -l color -xa 'auto always never' -d 'use colours: auto (default), always or never'
complete -c superctl -l no-wait -d 'do not wait until the change is complete'
complete -c superctl -l timeout -x -d 'wait at most this time, such as 30s'
complete -c superctl -l check -n '__fish_seen_subcommand_from upgrade' -d 'only check whether the installed version can take over'
complete -c superctl -l level -xa 'error warning notice info debug' -n '__fish_seen_subcommand_from events log' -d 'the least level: error, warning, notice, info or debug'
complete -c superctl -s n -l count -x -n '__fish_seen_subcommand_from log' -d 'the number of lines (10)'
complete -c superctl -s f -l follow -n '__fish_seen_subcommand_from log' -d 'continue with new lines'
complete -c superctl -l failed -n '__fish_seen_subcommand_from list' -d 'only services with a fault'
complete -c superctl -l asleep -n '__fish_seen_subcommand_from wait' -d 'until they sleep, not until they would serve a client'
complete -c superctl -l awake -n '__fish_seen_subcommand_from wait' -d 'until they run'
complete -c superctl -l sort -xa 'memory cpu name state used' -n '__fish_seen_subcommand_from list' -d 'sort by memory, cpu, name, state or used'
complete -c superctl -l since -x -n '__fish_seen_subcommand_from history log' -d 'history: how far back, up to 1d (6h); log: all lines of this time'
complete -c superctl -l names -n '__fish_seen_subcommand_from list' -d 'print only the names'
complete -c superctl -l version -d 'print the version of superctl'
complete -c superctl -s h -l help -d 'print this help'
