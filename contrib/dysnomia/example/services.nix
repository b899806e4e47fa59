# Disnix' example of a TCP proxy, by superd: a client that knows the proxy alone, which knows the server. An upgrade of the
# server is seen by no client, as it is locked meanwhile and its clients wait.
#
#     disnix-env -s services.nix -i infrastructure.nix -d distribution.nix
{ system, distribution, invDistribution, pkgs }:

let
  packages = import ./packages.nix { inherit pkgs; };
in
rec {
  hello_world_server = rec {
    name = "hello_world_server";
    port = 3001;
    pkg = packages.hello_world_server { inherit port; };
    type = "superd-service";
  };

  disnix_tcp_proxy = rec {
    name = "disnix_tcp_proxy";
    port = 3000;
    pkg = packages.disnix_tcp_proxy { inherit port; };
    dependsOn = {
      inherit hello_world_server;
    };
    type = "superd-service";
  };

  hello_world_client = {
    name = "hello_world_client";
    pkg = packages.hello_world_client;
    dependsOn = {
      hello_world_server = disnix_tcp_proxy;
    };
    type = "package";
  };
}
