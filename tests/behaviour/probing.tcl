# The probe as the backend of services with options each, beside one without any: what an attempt comes to inside and outside.

# A service under a name. Options hide the probe itself, wherever it was built: so a service that has mounts of its own sees it below
# /mnt, which is empty for it but for that. One that must have none says so by its attempt: that needs none of its own either.
proc probe_service {name user options attempt} {
	set probe $::tests; set mounts ""
	if {[regexp {private_|protect_|_paths|temporary_|proc_subset|mount_} $options]} {
		set probe /mnt/probe
		set mounts [filled {temporary_file_system += { "/mnt" } bind_read_only_paths += { "$tests:/mnt/probe" }}]
	}
	filled {service $name { listen = "127.0.0.1:0" accept = yes user = "$user" exec = { "$probe/probe", "$attempt" } error = log
	$options
	$mounts }
}
}

proc probed {service attempt} {
	set line [told $service]
	begins $line "$attempt "
	lindex [split [string range $line [string length "$attempt "] end] \n] 0
}

# Rows of options, an attempt as the probe has it, and what is to come of it: with "!" in front anything but this, "=" the same as
# outside, "~" another thing than outside; and what comes of it without the options, "" where that may be anything. All as this user.
proc tried {user rows} {
	set tries {}; set n 0
	foreach {options attempt inside outside} [filled $rows] {
		append table [probe_service in$n $user $options $attempt] [probe_service out$n $user "" $attempt]
		incr n
	}
	superd $table
	set n 0
	foreach {options attempt wanted wanted_outside} [filled $rows] {
		set inside [probed in$n $attempt]; set outside [probed out$n $attempt]
		incr n
		# A container may be without it.
		if {[string match *:/proc/sys/* $attempt] && $inside eq "ENOENT" && $outside eq "ENOENT"} { continue }
		expect {$wanted_outside in [list "" $outside]} "$attempt without $options: $outside"
		set is_so [switch -glob $wanted {
			= { expr {$inside eq $outside} }
			~ { expr {$inside ne $outside} }
			!* { expr {"!$inside" ne $wanted} }
			default { expr {$inside eq $wanted} }
		}]
		expect {$is_so} "$attempt with $options: '$inside' inside, '$outside' outside, said was '$wanted'"
	}
	stop
}
