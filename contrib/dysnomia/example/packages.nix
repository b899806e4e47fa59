# The components: a table of superd each, and the programs that are in it.
{ pkgs }:

let
  hello = pkgs.stdenv.mkDerivation {
    name = "hello-world-server-program";
    src = ../../examples/hello-world-server;
    buildPhase = "cc -std=c17 -D_GNU_SOURCE -O2 -o hello-world-server hello-world-server.c listen-fds.c";
    installPhase = "install -D hello-world-server $out/bin/hello-world-server";
  };

  # A file etc/superd.d/NAME.conf
  table = name: text: pkgs.writeTextFile {
    inherit name text;
    destination = "/etc/superd.d/${name}.conf";
  };
in
{
  hello_world_server = { port }: table "hello-world-server" ''
    service hello-world-server {
        listen = "${toString port}"
        exec   = { "${hello}/bin/hello-world-server", "-p", "5" }
        user   = "nobody"
    }
  '';

  # superd is the proxy itself: what a lock has to wait for is known, so none has to be written.
  disnix_tcp_proxy = { port }: { hello_world_server }: table "disnix-tcp-proxy" ''
    service disnix-tcp-proxy {
        listen   = "${toString port}"
        accept   = yes
        redirect = "${hello_world_server.target.properties.hostname} ${toString hello_world_server.port}"
    }
  '';

  hello_world_client = { hello_world_server }: pkgs.writeTextFile {
    name = "hello-world-client";
    destination = "/bin/hello-world-client";
    executable = true;
    text = ''
      #! ${pkgs.stdenv.shell} -e
      exec ${pkgs.netcat}/bin/nc ${hello_world_server.target.properties.hostname} ${toString hello_world_server.port}
    '';
  };
}
