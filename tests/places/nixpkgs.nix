# The least of Nixpkgs that the expressions of contrib/dysnomia need, with the programs of this machine. What it builds
# is real.
let
  system = builtins.currentSystem;

  build = attributes: derivation ({
    inherit system;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
  } // attributes);

  lib = rec {
    optional = wanted: any: optionals wanted [ any ];
    optionals = wanted: list: if wanted then list else [];
    optionalAttrs = wanted: set: if wanted then set else {};
    optionalString = wanted: text: if wanted then text else "";
    concatMapStrings = concatMapStringsSep "";
    concatMapStringsSep = between: f: list: builtins.concatStringsSep between (map f list);
    escapeShellArg = any: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString any)}'";
    escapeShellArgs = concatMapStringsSep " " escapeShellArg;
    recursiveUpdate = a: b:
      if builtins.isAttrs a && builtins.isAttrs b then a // builtins.mapAttrs (name: value:
        if a ? ${name} then recursiveUpdate a.${name} value else value
      ) b
      else b;
  };

  stdenv = {
    inherit system;
    shell = "/bin/sh";
    isDarwin = false;
    isLinux = true;
    mkDerivation = attributes: build ({
      args = [ "-ec" ''
        [ -z "''${src-}" ] || { cp -r "$src/." . && chmod -R u+w .; }
        eval "''${buildPhase-}"
        eval "''${installPhase-}"
        eval "''${buildCommand-}"
      '' ];
    } // attributes);
  };
in
{
  inherit lib stdenv;

  writeTextFile = { name, text, executable ? false, destination ? "" }: build {
    inherit name text;
    passAsFile = [ "text" ];
    args = [ "-ec" ''
      install -D -m ${if executable then "755" else "644"} "$textPath" "$out${destination}"
    '' ];
  };

  # Where two have the same folder it is one, of links to what is in it.
  buildEnv = { name, paths, postBuild ? "" }: build {
    inherit name paths postBuild;
    args = [ "-ec" ''
      mkdir "$out"
      for path in $paths; do
        (cd "$path" && find -L . -type f) | while read -r file; do
          mkdir -p "$out/''${file%/*}"
          ln -s "$path/''${file#./}" "$out/$file"
        done
      done
      eval "$postBuild"
    '' ];
  };

  coreutils = "/usr";
  gnugrep = "/usr";
  gnused = "/usr";
  inetutils = "/usr";
  netcat = "/usr";
}
