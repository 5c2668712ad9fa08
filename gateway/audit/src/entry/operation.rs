//! What an operation entry tells of: a closed list of words. `README.md` says what stands in `detail` for each.

/// The word in the field `operation` of an entry of kind operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// The gateway starts.
    Start,
    /// The gateway stops.
    Stop,
    /// A new configuration is in force, or one was refused.
    Reload,
    /// A token issuer's key set changed.
    KeySetReload,
    /// A revocation list changed.
    RevocationListReload,
    /// The authorities of client certificates changed.
    TrustReload,
    /// The gateway's own certificate changed.
    ServerCertificateReload,
    /// A revocation list ended.
    Revocation,
    /// The keys of subjects turned over to another period.
    SubjectPeriod,
    /// The keys of a period of subjects were destroyed.
    SubjectKeysDestroyed,
    /// Old entries are about to be removed.
    Retention,
    /// A quota of calls is used up.
    QuotaAlarm,
    /// An officer asked for more different subjects than may be.
    SubjectAlarm,
    /// Calls or connections are refused before it is known whose they are.
    OverloadBegin,
    /// Such refusals have ended.
    OverloadEnd,
    /// A call of a service that is not a lookup was refused before its caller was known.
    ServiceCall,
    /// A call of a method that is not there.
    UnknownMethod,
    /// Somebody asked for the descriptors.
    Reflection,
    /// An auditor read one entry.
    GetEntry,
    /// An auditor read the newest checkpoint.
    GetCheckpoint,
    /// An auditor searched.
    SearchEntries,
    /// An auditor follows the log.
    TailEntries,
    /// An auditor asked for a proof that an entry is in the log.
    ProveInclusion,
    /// An auditor asked for a proof that one log goes on from another.
    ProveConsistency,
    /// An auditor asked who looked at a subject.
    ListSubjectAccesses,
    /// Somebody listed the registries.
    ListRegistries,
    /// Somebody listed the procedures.
    ListProcedures,
    /// Somebody listed what an agency may ask.
    ListPermissions,
    /// Somebody asked why a request would be refused.
    ExplainDecision,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::Start,
        Self::Stop,
        Self::Reload,
        Self::KeySetReload,
        Self::RevocationListReload,
        Self::TrustReload,
        Self::ServerCertificateReload,
        Self::Revocation,
        Self::SubjectPeriod,
        Self::SubjectKeysDestroyed,
        Self::Retention,
        Self::QuotaAlarm,
        Self::SubjectAlarm,
        Self::OverloadBegin,
        Self::OverloadEnd,
        Self::ServiceCall,
        Self::UnknownMethod,
        Self::Reflection,
        Self::GetEntry,
        Self::GetCheckpoint,
        Self::SearchEntries,
        Self::TailEntries,
        Self::ProveInclusion,
        Self::ProveConsistency,
        Self::ListSubjectAccesses,
        Self::ListRegistries,
        Self::ListProcedures,
        Self::ListPermissions,
        Self::ExplainDecision,
    ];

    /// The word. It never changes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Reload => "reload",
            Self::KeySetReload => "key-set-reload",
            Self::RevocationListReload => "revocation-list-reload",
            Self::TrustReload => "trust-reload",
            Self::ServerCertificateReload => "server-certificate-reload",
            Self::Revocation => "revocation",
            Self::Retention => "retention",
            Self::SubjectPeriod => "subject-period",
            Self::SubjectKeysDestroyed => "subject-keys-destroyed",
            Self::QuotaAlarm => "quota-alarm",
            Self::SubjectAlarm => "subject-alarm",
            Self::OverloadBegin => "overload-begin",
            Self::OverloadEnd => "overload-end",
            Self::ServiceCall => "service-call",
            Self::UnknownMethod => "unknown-method",
            Self::Reflection => "reflection",
            Self::GetEntry => "get-entry",
            Self::GetCheckpoint => "get-checkpoint",
            Self::SearchEntries => "search-entries",
            Self::TailEntries => "tail-entries",
            Self::ProveInclusion => "prove-inclusion",
            Self::ProveConsistency => "prove-consistency",
            Self::ListSubjectAccesses => "list-subject-accesses",
            Self::ListRegistries => "list-registries",
            Self::ListProcedures => "list-procedures",
            Self::ListPermissions => "list-permissions",
            Self::ExplainDecision => "explain-decision",
        }
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn every_word_is_one_operations_alone() {
        let mut words = Operation::ALL.map(Operation::word);
        words.sort_unstable();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{words:?}");
    }
}
