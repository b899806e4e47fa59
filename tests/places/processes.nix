# Processes as nix-processmgmt describes them: one for a client, and a daemon that makes a file of its number.
{ createManagedProcess, pkgs, processManager, folder, port, proxy, user }:

{
  demanded.pkg = createManagedProcess {
    name = "demanded";
    description = "Cats,\non demand";
    foregroundProcess = "/bin/sh";
    foregroundProcessArgs = [ "-c" "echo \"$0 $A $(umask) $PWD\"; exec cat" "a b %{port} 100% \"q\\" ];
    environment = { A = "1 2%"; };
    directory = "/";
    umask = "0027";
    nice = 5;
    inherit user;
    overrides.${processManager} = {
      accept = true;
      listen = [ "127.0.0.1:${toString port}" ];
      sockets.admin = { listen = "127.0.0.1:${toString proxy}"; backlog = 7; };
    };
  };

  booted.pkg = createManagedProcess {
    name = "booted";
    instanceName = "booted";
    daemon = pkgs.writeTextFile {
      name = "daemon";
      executable = true;
      text = "#! /bin/sh -e\ntest -e ${folder}/prepared\nsleep 1000 &\necho $! >${folder}/booted.pid\n";
    };
    pidFile = "${folder}/booted.pid";
    initialize = "echo prepared >${folder}/prepared";
    overrides.${processManager} = made: made // { timeout_stop = "5s"; };
  };
}
