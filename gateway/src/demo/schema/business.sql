-- The synthetic business registry. Dates, moments and absence as in population.sql.
-- Child tables hang on ma_so and are read in the order of thu_tu, from 1.

CREATE TABLE doanh_nghiep (
    ma_so                   TEXT NOT NULL,  -- 10 digits with check digit; 10-3 for a unit; 12 digits for a household business
    ma_noi_bo               TEXT,
    so_gcn_dkkd             TEXT,
    ten_tieng_viet          TEXT NOT NULL,
    ten_nuoc_ngoai          TEXT,
    ten_viet_tat            TEXT,
    -- 'DNTN' | 'TNHH1TV' | 'TNHH2TV' | 'CTCP' | 'HD' | 'CN' | 'VPDD' | 'DDKD' | 'HKD'
    ma_loai_hinh            TEXT NOT NULL,
    loai_hinh               TEXT NOT NULL,  -- the kind in words
    ngay_dang_ky_lan_dau    TEXT,
    ngay_dang_ky_thay_doi   TEXT,
    so_lan_thay_doi         INTEGER NOT NULL,
    -- The state now, in the registry's words: 'Đang hoạt động' | 'Tạm ngừng kinh doanh'
    -- | 'Không còn hoạt động kinh doanh tại địa chỉ đã đăng ký'
    -- | 'Bị thu hồi GCN do cưỡng chế thuế'
    -- | 'Đang làm thủ tục giải thể, đã bị chia, bị hợp nhất, bị sáp nhập'
    -- | 'Đã giải thể, phá sản, chấm dứt tồn tại' | words that nobody here knows
    tinh_trang_phap_ly      TEXT NOT NULL,
    von_dieu_le             INTEGER,        -- whole units of loai_tien
    loai_tien               TEXT,           -- ISO 4217

    tru_so_chi_tiet         TEXT,           -- head office
    tru_so_ma_xa            TEXT,
    tru_so_ten_xa           TEXT,
    tru_so_ma_huyen         TEXT,
    tru_so_ten_huyen        TEXT,
    tru_so_ma_tinh          TEXT,
    tru_so_ten_tinh         TEXT,
    tru_so_quoc_gia         TEXT,
    tru_so_dia_chi          TEXT,
    tru_so_danh_muc         TEXT,

    thoi_diem_du_lieu       TEXT NOT NULL,
    phien_ban               TEXT NOT NULL
);

-- States with their days, the newest first.
CREATE TABLE tinh_trang_phap_ly (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    tinh_trang              TEXT NOT NULL,  -- the registry's words
    tu_ngay                 TEXT,
    den_ngay                TEXT,
    ly_do                   TEXT
);

-- Owners of a private enterprise or a one-member company.
CREATE TABLE chu_so_huu (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ho_ten                  TEXT NOT NULL,
    so_dinh_danh            TEXT,
    so_cmnd                 TEXT,
    quoc_tich               TEXT,
    ngay_sinh               TEXT
);

-- Members and shareholders: a person (ho_ten) or an organisation (to_chuc_ten).
CREATE TABLE thanh_vien (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ho_ten                  TEXT,
    so_dinh_danh            TEXT,
    so_cmnd                 TEXT,
    quoc_tich               TEXT,
    ngay_sinh               TEXT,
    to_chuc_ma_so           TEXT,
    to_chuc_ten             TEXT,
    ty_le                   INTEGER NOT NULL -- hundredths of a percent, 0 to 10000
);

-- Beneficial owners, 25 % and more.
CREATE TABLE huong_loi (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ho_ten                  TEXT,
    so_dinh_danh            TEXT,
    so_cmnd                 TEXT,
    quoc_tich               TEXT,
    ngay_sinh               TEXT,
    to_chuc_ma_so           TEXT,
    to_chuc_ten             TEXT,
    ty_le                   INTEGER NOT NULL
);

CREATE TABLE nguoi_dai_dien (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ho_ten                  TEXT NOT NULL,
    so_dinh_danh            TEXT,
    so_cmnd                 TEXT,
    quoc_tich               TEXT,
    ngay_sinh               TEXT
);

CREATE TABLE nguoi_quan_ly (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ho_ten                  TEXT NOT NULL,
    so_dinh_danh            TEXT,
    so_cmnd                 TEXT,
    quoc_tich               TEXT,
    ngay_sinh               TEXT
);

CREATE TABLE nganh_nghe (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ma_nganh                TEXT NOT NULL,  -- VSIC level 4, 4 digits
    phien_ban_vsic          TEXT NOT NULL,  -- 'QD36/2025' | 'QD27/2018'
    ten_nganh               TEXT NOT NULL,
    la_nganh_chinh          INTEGER NOT NULL -- 0 | 1
);

-- Dependent units.
CREATE TABLE don_vi_phu_thuoc (
    ma_so                   TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ma_don_vi               TEXT NOT NULL,  -- 10-3, or the 5 digits of a business location
    ten                     TEXT NOT NULL,
    dia_chi_chi_tiet        TEXT,
    dia_chi_ma_xa           TEXT,
    dia_chi_ten_xa          TEXT,
    dia_chi_ma_huyen        TEXT,
    dia_chi_ten_huyen       TEXT,
    dia_chi_ma_tinh         TEXT,
    dia_chi_ten_tinh        TEXT,
    dia_chi_quoc_gia        TEXT,
    dia_chi_dia_chi         TEXT,
    dia_chi_danh_muc        TEXT
);

-- Indexes: made after the load.
CREATE UNIQUE INDEX doanh_nghiep_ma_so ON doanh_nghiep (ma_so);
CREATE UNIQUE INDEX tinh_trang_phap_ly_ma_so ON tinh_trang_phap_ly (ma_so, thu_tu);
CREATE UNIQUE INDEX chu_so_huu_ma_so ON chu_so_huu (ma_so, thu_tu);
CREATE UNIQUE INDEX thanh_vien_ma_so ON thanh_vien (ma_so, thu_tu);
CREATE UNIQUE INDEX huong_loi_ma_so ON huong_loi (ma_so, thu_tu);
CREATE UNIQUE INDEX nguoi_dai_dien_ma_so ON nguoi_dai_dien (ma_so, thu_tu);
CREATE UNIQUE INDEX nguoi_quan_ly_ma_so ON nguoi_quan_ly (ma_so, thu_tu);
CREATE UNIQUE INDEX nganh_nghe_ma_so ON nganh_nghe (ma_so, thu_tu);
CREATE UNIQUE INDEX don_vi_phu_thuoc_ma_so ON don_vi_phu_thuoc (ma_so, thu_tu);
