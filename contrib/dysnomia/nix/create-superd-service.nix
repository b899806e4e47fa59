# Makes a component of superd-service: a table of superd with one service, and the accounts it needs. A backend for
# nix-processmgmt, in its conventions: nixproc/backends/superd/create-superd-service.nix.
#
# What is no parameter below is an option of superd.conf(5), with its name there and a value of Nix: a text, a number, a
# boolean or a list. sockets holds those with options of their own, by their names.

{ writeTextFile
, stdenv
, lib
, createCredentials
, basePackages
# Leaves out users and groups, for a superd that is not root's
, forceDisableUserChange ? false
}:

{
# The service, which is the table's name, too
name
# The words of the command
, exec
# What it is, for who reads the table
, description ? name
# Sockets with options of their own, as { http = { listen = "80"; }; }
, sockets ? {}
# Variables of the environment
, environment ? {}
# Packages whose programs are in PATH
, path ? []
# What the process depends on. No order is kept: who connects to a service that is not ready waits in its queue
, dependencies ? []
# Groups and users that are made before it is deployed
, credentials ? {}
# Commands that run when the table is there
, postInstall ? ""
, ...
}@args:

let
  options = removeAttrs args ([ "name" "exec" "description" "sockets" "environment" "path" "dependencies" "credentials"
      "postInstall" ]
    ++ lib.optionals forceDisableUserChange [ "user" "group" "groups" "supplementary_groups" ]);

  escape = builtins.replaceStrings [ "\\" "\"" "\n" "\t" ] [ "\\\\" "\\\"" "\\n" "\\t" ];

  quote = text: "\"${escape (toString text)}\"";

  # A percent sign begins a template of superd's, which a variable of ours never means.
  literal = text: builtins.replaceStrings [ "%" ] [ "%%" ] (toString text);

  value = any:
    if builtins.isBool any then (if any then "yes" else "no")
    else if builtins.isList any then "{ ${lib.concatMapStringsSep ", " quote any} }"
    else if builtins.isInt any then toString any
    else quote any;

  settings = indent: set:
    lib.concatMapStrings (option:
      "${indent}${option} = ${value (builtins.getAttr option set)}\n"
    ) (builtins.attrNames set);

  searchPath = lib.concatMapStringsSep ":" (package: "${package}/bin") (basePackages ++ path);

  variables = lib.optionalAttrs (basePackages ++ path != []) { PATH = searchPath; } // environment;

  assignments = map (variable:
    "${variable}=${literal (builtins.getAttr variable variables)}"
  ) (builtins.attrNames variables);

  table = writeTextFile {
    name = "${name}.conf";
    text = ''
      # ${builtins.replaceStrings [ "\n" ] [ " " ] description}
      service ${name} {
      ${settings "\t" ({ inherit exec; } // lib.optionalAttrs (variables != {}) { env = assignments; } // options)}${
        lib.concatMapStrings (socket:
          "\tsocket ${socket} {\n${settings "\t\t" (builtins.getAttr socket sockets)}\t}\n"
        ) (builtins.attrNames sockets)}}
    '';
  };

  credentialsSpec = createCredentials credentials;
in
stdenv.mkDerivation {
  inherit name;

  buildCommand = ''
    mkdir -p $out/etc/superd.d
    ln -s ${table} $out/etc/superd.d/${name}.conf
    ln -s ${credentialsSpec}/dysnomia-support $out/dysnomia-support

    ${postInstall}
  '';
}
