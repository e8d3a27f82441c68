// Made by cargo xtask codegen.

schema::typed_struct! {
    Info = "io.k8s.apimachinery.pkg.version.Info" {
        "buildDate" build_date: String,
        "compiler" compiler: String,
        "emulationMajor" emulation_major: String,
        "emulationMinor" emulation_minor: String,
        "gitCommit" git_commit: String,
        "gitTreeState" git_tree_state: String,
        "gitVersion" git_version: String,
        "goVersion" go_version: String,
        "major" major: String,
        "minCompatibilityMajor" min_compatibility_major: String,
        "minCompatibilityMinor" min_compatibility_minor: String,
        "minor" minor: String,
        "platform" platform: String,
    }
}
