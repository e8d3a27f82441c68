//! How a command ended, and its form on the error stream.

use serde_json::Value;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// The command ran and exited with this code, not 0.
    Exit(u8),
    /// The backend answered the request with this Status (JSON) before there were streams.
    Status(String),
    /// It did not run, or nobody knows how it ended.
    Failure(String),
}

impl Outcome {
    /// Reads what the error stream carried; nothing at all is success. The texts are client-go's.
    pub(super) fn read(message: &[u8], json_status: bool) -> Self {
        if message.is_empty() {
            return Self::Success;
        }
        let text = String::from_utf8_lossy(message);
        if !json_status {
            return Self::Failure(format!("error executing remote command: {text}"));
        }
        match serde_json::from_slice::<Value>(message) {
            Ok(status) => Self::from_status(&status),
            Err(error) => Self::Failure(format!("error stream protocol error: {error} in {text:?}")),
        }
    }

    fn from_status(status: &Value) -> Self {
        let protocol_error = |what: &str| Self::Failure(format!("error stream protocol error: {what}"));
        match status["status"].as_str() {
            Some("Success") => return Self::Success,
            Some("Failure") => {}
            _ => return protocol_error("unknown error"),
        }
        if status["reason"] != "NonZeroExitCode" {
            return Self::Failure(status["message"].as_str().unwrap_or_default().to_owned());
        }
        let Some(details) = status["details"].as_object() else { return protocol_error("details must be set") };
        let causes = details.get("causes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match causes.iter().find(|cause| cause["reason"] == "ExitCode") {
            None => protocol_error("no ExitCode cause given"),
            Some(cause) => {
                let code = cause["message"].as_str().unwrap_or_default();
                code.parse().map_or_else(|_| protocol_error(&format!("invalid exit code value {code:?}")), Self::Exit)
            }
        }
    }

    /// The Status that v4 and v5 carry, as the API server writes it when it translates.
    pub fn to_status(&self) -> String {
        match self {
            Self::Success => r#"{"metadata":{},"status":"Success"}"#.to_owned(),
            Self::Exit(code) => format!(
                r#"{{"metadata":{{}},"status":"Failure","message":"command terminated with non-zero exit code: command terminated with exit code {code}","reason":"NonZeroExitCode","details":{{"causes":[{{"reason":"ExitCode","message":"{code}"}}]}}}}"#
            ),
            Self::Status(status) => status.clone(),
            Self::Failure(text) => {
                let message = Value::from(format!("Internal error occurred: {text}"));
                let cause = Value::from(text.as_str());
                format!(
                    r#"{{"metadata":{{}},"status":"Failure","message":{message},"reason":"InternalError","details":{{"causes":[{{"message":{cause}}}]}},"code":500}}"#
                )
            }
        }
    }

    /// The plain text that older protocols carry; nothing for success.
    fn to_text(&self) -> String {
        match self {
            Self::Success => String::new(),
            Self::Exit(code) => {
                format!("command terminated with non-zero exit code: command terminated with exit code {code}")
            }
            Self::Status(status) => serde_json::from_str::<Value>(status)
                .ok()
                .and_then(|status| Some(status["message"].as_str()?.to_owned()))
                .unwrap_or_else(|| status.clone()),
            Self::Failure(text) => format!("Internal error occurred: {text}"),
        }
    }

    pub(super) fn write(&self, json_status: bool) -> String {
        if json_status { self.to_status() } else { self.to_text() }
    }
}

#[cfg(test)]
mod tests;
