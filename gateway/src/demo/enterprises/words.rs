//! The registry's own words for kinds and states.

/// Legal form, with the registry's code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Private,
    LimitedOneMember,
    LimitedSeveralMembers,
    JointStock,
    Partnership,
    Branch,
    HouseholdBusiness,
}

pub(super) const KINDS: [(Kind, u64); 6] = [
    (Kind::LimitedOneMember, 45),
    (Kind::LimitedSeveralMembers, 25),
    (Kind::JointStock, 15),
    (Kind::Private, 8),
    (Kind::HouseholdBusiness, 6),
    (Kind::Partnership, 1),
];

impl Kind {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Private => "DNTN",
            Self::LimitedOneMember => "TNHH1TV",
            Self::LimitedSeveralMembers => "TNHH2TV",
            Self::JointStock => "CTCP",
            Self::Partnership => "HD",
            Self::Branch => "CN",
            Self::HouseholdBusiness => "HKD",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Private => "Doanh nghiệp tư nhân",
            Self::LimitedOneMember => "Công ty trách nhiệm hữu hạn một thành viên",
            Self::LimitedSeveralMembers => "Công ty trách nhiệm hữu hạn hai thành viên trở lên",
            Self::JointStock => "Công ty cổ phần",
            Self::Partnership => "Công ty hợp danh",
            Self::Branch => "Chi nhánh",
            Self::HouseholdBusiness => "Hộ kinh doanh",
        }
    }

    /// What the Vietnamese name starts with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Private => "DOANH NGHIỆP TƯ NHÂN",
            Self::LimitedOneMember => "CÔNG TY TNHH MỘT THÀNH VIÊN",
            Self::LimitedSeveralMembers => "CÔNG TY TNHH",
            Self::JointStock => "CÔNG TY CỔ PHẦN",
            Self::Partnership => "CÔNG TY HỢP DANH",
            Self::Branch => "CHI NHÁNH",
            Self::HouseholdBusiness => "HỘ KINH DOANH",
        }
    }

    /// Whether it has one owner; otherwise members.
    pub(super) fn has_owner(self) -> bool {
        matches!(
            self,
            Self::Private | Self::LimitedOneMember | Self::HouseholdBusiness
        )
    }
}

/// Legal state, in the registry's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Suspended,
    NotAtAddress,
    Revoked,
    Dissolving,
    Dissolved,
    /// Words that are on no list.
    Unheard,
}

pub(super) const STATES: [(State, u64); 7] = [
    (State::Active, 900),
    (State::Suspended, 40),
    (State::NotAtAddress, 20),
    (State::Revoked, 10),
    (State::Dissolving, 12),
    (State::Dissolved, 16),
    (State::Unheard, 2),
];

impl State {
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Active => "Đang hoạt động",
            Self::Suspended => "Tạm ngừng kinh doanh",
            Self::NotAtAddress => "Không còn hoạt động kinh doanh tại địa chỉ đã đăng ký",
            Self::Revoked => "Bị thu hồi GCN do cưỡng chế thuế",
            Self::Dissolving => "Đang làm thủ tục giải thể, đã bị chia, bị hợp nhất, bị sáp nhập",
            Self::Dissolved => "Đã giải thể, phá sản, chấm dứt tồn tại",
            Self::Unheard => "Đang chờ rà soát dữ liệu",
        }
    }
}
