# What nix-processmgmt says of a process, whatever manages it, as a service of superd.
#
# A process that names no socket is started with superd and again whenever it ends. With sockets, by
#
#     overrides.superd = { listen = [ "8080" ]; };
#
# it is started by the first client, and takes its socket at descriptor 3.
#
# instanceName is not asked for: others name the PID file of a daemon that says none by it, and superd finds its
# process without, as systemd does.

{ createSuperdService, stdenv, lib, writeTextFile }:

{ name
, description
, initialize
, daemon
, daemonArgs
, instanceName
, pidFile
, foregroundProcess
, foregroundProcessArgs
, path
, environment
, directory
, umask
, nice
, user
, dependencies
, credentials
, overrides
, postInstall
}:

let
  inForeground = foregroundProcess != null;

  # A percent sign begins a template of superd's, which no word of ours is.
  literal = map (word: builtins.replaceStrings [ "%" ] [ "%%" ] (toString word));

  prepare = writeTextFile {
    name = "${name}-initialize";
    executable = true;
    text = ''
      #! ${stdenv.shell} -e
      ${initialize}
    '';
  };

  common = {
    inherit name description path environment dependencies credentials postInstall;
    exec = literal (if inForeground then [ foregroundProcess ] ++ foregroundProcessArgs else [ daemon ] ++ daemonArgs);
  } // lib.optionalAttrs (!inForeground) {
    type = "forking";
  } // lib.optionalAttrs (!inForeground && pidFile != null) {
    pid_file = pidFile;
  } // lib.optionalAttrs (initialize != "") {
    exec_start_pre = "+${prepare}";             # as root, whoever the process runs as
  } // lib.optionalAttrs (directory != null) {
    working_directory = directory;
  } // lib.optionalAttrs (umask != null) {
    inherit umask;
  } // lib.optionalAttrs (nice != null) {
    inherit nice;
  } // lib.optionalAttrs (user != null) {
    inherit user;
  };

  chosen = if builtins.isFunction overrides then overrides common else lib.recursiveUpdate common overrides;

  hasSockets = chosen ? listen || (chosen.sockets or {}) != {};
in
createSuperdService (lib.optionalAttrs (!hasSockets) { start = "boot"; } // chosen)
